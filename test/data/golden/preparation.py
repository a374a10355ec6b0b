# Writes preparation.json: what scikit-learn makes of a small table with missing values. Run: python3 preparation.py > preparation.json
import json
import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, OneHotEncoder, StandardScaler

rng = np.random.default_rng(7)
n = 60
x = rng.normal(100, 15, n).astype("f4").astype("f8")
z = rng.integers(0, 9, n).astype("f8")
x[rng.random(n) < 0.2] = np.nan
z[rng.random(n) < 0.1] = np.nan
c = rng.choice(["red", "green", "blue"], n, p=[0.5, 0.3, 0.2]).astype(object)
c[rng.random(n) < 0.15] = None
c[-1] = "unseen"
train = 40
cases = {}
for impute in ["mean", "median", "zero"]:
    for scale in ["standard", "minmax", "none"]:
        imputer = SimpleImputer(strategy="constant", fill_value=0) if impute == "zero" else SimpleImputer(strategy=impute)
        scaler = {"standard": [StandardScaler()], "minmax": [MinMaxScaler()], "none": []}[scale]
        pre = ColumnTransformer([
            ("n", make_pipeline(imputer, *scaler), [0, 1]),
            ("c", make_pipeline(SimpleImputer(strategy="most_frequent", missing_values=None), OneHotEncoder(handle_unknown="ignore", sparse_output=False)), [2]),
        ])
        data = np.empty((n, 3), dtype=object)
        data[:, 0], data[:, 1], data[:, 2] = x, z, c
        pre.fit(data[:train])
        cases[f"{impute} {scale}"] = np.asarray(pre.transform(data), dtype=float).round(9).tolist()
nul = lambda a: [None if np.isnan(v) else v for v in a]
print(json.dumps({"train": train, "x": nul(x), "z": nul(z), "c": c.tolist(), "cases": cases}))
