"""Losses and weights of small trainings in PyTorch, double precision, for test/train/golden.test.ts.

    /usr/bin/python3 test/train/golden/optimizers.py > test/train/golden/optimizers.json
    npx prettier --write test/train/golden/optimizers.json

Network 4 - 6 tanh - 3, softmax cross-entropy (or other heads), 22 rows, batches of 8 (the last one of 6). The order of the rows
is that of src/base/random.ts, written again here. The loss of a batch is sum(w l) / sum(w), an epoch's sum(w l) /
sum(w) over its batches as they were when they were seen. RMSProp and Adam are torch.optim's: epsilon is added to the
square root. AdamW decays kernels only. L1 and L2 are l1 * sum |w| + l2 * sum w^2 over kernels, in the loss and not in
the reported figure. Clipping is clip_grad_norm_'s, of all weights together, penalties included. Schedules are torch.optim.lr_scheduler's where one exists.
"""
import json
import math

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
M = 0xFFFFFFFF
ROWS, BATCH, EPOCHS, SEED = 22, 8, 5, 11


def stream_seed(*parts):
    h = 0x811C9DC5
    for part in parts:
        h = ((h ^ (part & M)) * 0x01000193) & M
        h ^= h >> 15
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & M
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & M
    return h ^ (h >> 16)


def sfc32(seed):
    s = seed & M

    def splitmix():
        nonlocal s
        s = (s + 0x9E3779B9) & M
        z = s
        z = ((z ^ (z >> 16)) * 0x21F0AAAD) & M
        z = ((z ^ (z >> 15)) * 0x735A2D97) & M
        return z ^ (z >> 15)

    a, b, c, n = splitmix(), splitmix(), splitmix(), 1

    def bits():
        nonlocal a, b, c, n
        t = (a + b + n) & M
        n = (n + 1) & M
        a = b ^ (b >> 9)
        b = (c + (c << 3)) & M
        c = ((c << 21) | (c >> 11)) & M
        c = (c + t) & M
        return t

    for _ in range(12):
        bits()
    return lambda: bits() / 4294967296


def epoch_order(epoch):
    random = sfc32(stream_seed(SEED, 2, epoch))
    order = list(range(ROWS))
    for i in range(ROWS - 1, 0, -1):
        j = math.floor(random() * (i + 1))
        order[i], order[j] = order[j], order[i]
    return order


rng = np.random.default_rng(0)
f32 = lambda a: np.asarray(a, np.float32)
X = f32(rng.normal(size=(ROWS, 4)))
LABELS = rng.integers(0, 3, ROWS)
VALUES = f32(X @ rng.normal(size=4) + 0.3 * rng.normal(size=ROWS))
WEIGHTS = f32(rng.uniform(0.2, 2, ROWS))
INITIAL = {
    '0_dense/kernel': f32(rng.normal(size=(4, 6)) * 0.5),
    '0_dense/bias': f32(rng.normal(size=6) * 0.1),
    'head/kernel': f32(rng.normal(size=(6, 3)) * 0.5),
    'head/bias': f32(rng.normal(size=3) * 0.1),
}


def row_losses(head, spec, z, labels, values):
    F = torch.nn.functional
    if head == 'softmax':
        return F.cross_entropy(z, labels, reduction='none', label_smoothing=spec.get('labelSmoothing', 0))
    if head == 'sigmoid':
        smoothing = spec.get('labelSmoothing', 0)
        y = (labels > 0).double() * (1 - smoothing) + smoothing / 2
        return F.binary_cross_entropy_with_logits(z[:, 0], y, reduction='none')
    if spec['kind'] == 'meanAbsoluteError':
        return F.l1_loss(z[:, 0], values, reduction='none')
    if spec['kind'] == 'huber':
        return F.huber_loss(z[:, 0], values, reduction='none', delta=spec['delta'])
    return F.mse_loss(z[:, 0], values, reduction='none')


def run(name, spec, optimizer, head='softmax', weights=None, factor=lambda step: 1, l1=0, l2=0, loss=None, clip=None,
        **training):
    units = 3 if head == 'softmax' else 1
    p = {}
    for key, value in INITIAL.items():
        value = value[..., :units] if key.startswith('head') else value
        p[key] = torch.tensor(value.astype(np.float64), requires_grad=True)
    kernels = [p[key] for key in p if key.endswith('kernel')]
    biases = [p[key] for key in p if key.endswith('bias')]
    opt = optimizer(kernels, biases)
    base = [group['lr'] for group in opt.param_groups]
    x = torch.tensor(X.astype(np.float64))
    row_weights = torch.tensor((np.ones(ROWS) if weights is None else weights).astype(np.float64))
    losses, lengths, step = [], [], 0
    for epoch in range(1, EPOCHS + 1):
        order, total, mass = epoch_order(epoch), 0.0, 0.0
        for start in range(0, ROWS, BATCH):
            i = order[start:start + BATCH]
            z = torch.tanh(x[i] @ p['0_dense/kernel'] + p['0_dense/bias']) @ p['head/kernel'] + p['head/bias']
            by_row = row_losses(
                head, loss or {'kind': ''}, z, torch.tensor(LABELS[i]), torch.tensor(VALUES[i].astype(np.float64))
            )
            w = row_weights[i]
            mean = (w * by_row).sum() / w.sum()
            penalty = sum(l1 * k.abs().sum() + l2 * (k ** 2).sum() for k in kernels)
            for group, lr in zip(opt.param_groups, base):
                group['lr'] = lr * factor(step)
            opt.zero_grad()
            (mean + penalty).backward()
            if clip is not None:
                lengths.append(torch.nn.utils.clip_grad_norm_(list(p.values()), clip).item())
            opt.step()
            total += (w * by_row).sum().item()
            mass += w.sum().item()
            step += 1
        losses.append(total / mass)
    # a clip that never acts, or always does, would show little
    assert clip is None or min(lengths) < clip < max(lengths), (name, lengths)
    if loss is not None:
        training['loss'] = loss
    if clip is not None:
        training['clipNorm'] = clip
    return {
        'name': name,
        'head': head,
        'training': {'optimizer': spec, 'l1': l1, 'l2': l2, **training},
        'weighted': weights is not None and 'classWeights' not in training,
        'losses': losses,
        'weights': {key: value.detach().numpy().ravel().tolist() for key, value in p.items()},
    }


def torch_factor(make, warmup_epochs=0):
    """The factor of a torch scheduler, after a warm-up that rises by step from 1 / n to 1."""
    per_epoch = math.ceil(ROWS / BATCH)
    opt = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = make(opt)
    by_epoch = []
    for _ in range(EPOCHS):
        by_epoch.append(opt.param_groups[0]['lr'])
        opt.step()
        scheduler.step()
    warmup = warmup_epochs * per_epoch
    return lambda step: (step + 1) / warmup if step < warmup else by_epoch[(step - warmup) // per_epoch]


O, S = torch.optim, torch.optim.lr_scheduler
sgd = {'kind': 'sgd', 'learningRate': 0.3}
plain = lambda k, b: O.SGD(k + b, lr=0.3)
adam = {'learningRate': 0.02, 'beta1': 0.9, 'beta2': 0.999, 'epsilon': 1e-8}
balanced = (ROWS / (3 * np.bincount(LABELS)))[LABELS]
slow = {'kind': 'sgd', 'learningRate': 0.05}
slowly = lambda k, b: O.SGD(k + b, lr=0.05)
named = np.array([0.5, 2, 1])[LABELS]
cases = [
    run('sgd', sgd, plain),
    run('sgd, sigmoid', sgd, plain, head='sigmoid'),
    run('sgd, value', {'kind': 'sgd', 'learningRate': 0.05}, lambda k, b: O.SGD(k + b, lr=0.05), head='value'),
    run('momentum', {'kind': 'momentum', 'learningRate': 0.1, 'momentum': 0.9, 'nesterov': False},
        lambda k, b: O.SGD(k + b, lr=0.1, momentum=0.9)),
    run('nesterov', {'kind': 'momentum', 'learningRate': 0.1, 'momentum': 0.9, 'nesterov': True},
        lambda k, b: O.SGD(k + b, lr=0.1, momentum=0.9, nesterov=True)),
    run('rmsprop', {'kind': 'rmsprop', 'learningRate': 0.01, 'decay': 0.9, 'epsilon': 1e-6},
        lambda k, b: O.RMSprop(k + b, lr=0.01, alpha=0.9, eps=1e-6)),
    run('adam', {'kind': 'adam', **adam}, lambda k, b: O.Adam(k + b, lr=0.02)),
    run('adamw', {'kind': 'adamw', **adam, 'weightDecay': 0.5},
        lambda k, b: O.AdamW([{'params': k, 'weight_decay': 0.5}, {'params': b, 'weight_decay': 0}], lr=0.02)),
    run('l1', sgd, plain, l1=0.01),
    run('l2', sgd, plain, l2=0.02),
    run('l1 and l2 with adam', {'kind': 'adam', **adam}, lambda k, b: O.Adam(k + b, lr=0.02), l1=0.003, l2=0.01),
    run('row weights', sgd, plain, weights=WEIGHTS),
    run('balanced class weights', sgd, plain, weights=balanced, classWeights='balanced'),
    run('named class weights', sgd, plain, weights=named, classWeights={'a': 0.5, 'b': 2}),
    run('step schedule', sgd, plain, factor=torch_factor(lambda o: S.StepLR(o, 2, 0.5)),
        schedule={'kind': 'step', 'everyEpochs': 2, 'factor': 0.5, 'warmupEpochs': 0}),
    run('exponential schedule', sgd, plain, factor=torch_factor(lambda o: S.ExponentialLR(o, 0.7)),
        schedule={'kind': 'exponential', 'factor': 0.7, 'warmupEpochs': 0}),
    run('cosine schedule', sgd, plain, factor=torch_factor(lambda o: S.CosineAnnealingLR(o, EPOCHS, 0.1)),
        schedule={'kind': 'cosine', 'minFactor': 0.1, 'warmupEpochs': 0}),
    run('cosine schedule after a warm-up', sgd, plain,
        factor=torch_factor(lambda o: S.CosineAnnealingLR(o, EPOCHS - 2, 0.1), 2),
        schedule={'kind': 'cosine', 'minFactor': 0.1, 'warmupEpochs': 2}),
    run('label smoothing', sgd, plain, loss={'kind': 'crossEntropy', 'labelSmoothing': 0.1}),
    run('label smoothing, weighted', sgd, plain, weights=WEIGHTS, loss={'kind': 'crossEntropy', 'labelSmoothing': 0.3}),
    run('label smoothing, sigmoid', sgd, plain, head='sigmoid', loss={'kind': 'crossEntropy', 'labelSmoothing': 0.2}),
    run('mean squared error', slow, slowly, head='value', loss={'kind': 'meanSquaredError'}),
    run('mean absolute error', slow, slowly, head='value', loss={'kind': 'meanAbsoluteError'}),
    run('huber', slow, slowly, head='value', loss={'kind': 'huber', 'delta': 0.8}),
    run('huber, weighted, with adam', {'kind': 'adam', **adam}, lambda k, b: O.Adam(k + b, lr=0.02), head='value',
        weights=WEIGHTS, loss={'kind': 'huber', 'delta': 2.5}),
    run('clipped', sgd, plain, clip=0.9),
    run('clipped with a penalty and momentum', {'kind': 'momentum', 'learningRate': 0.1, 'momentum': 0.9, 'nesterov': True},
        lambda k, b: O.SGD(k + b, lr=0.1, momentum=0.9, nesterov=True), l2=0.05, clip=1.2),
    run('clipped with adam', {'kind': 'adam', **adam}, lambda k, b: O.Adam(k + b, lr=0.02), head='value', clip=2),
]
print(json.dumps({
    'rows': ROWS, 'batchSize': BATCH, 'epochs': EPOCHS, 'seed': SEED,
    'x': X.ravel().tolist(), 'labels': LABELS.tolist(), 'values': VALUES.tolist(), 'rowWeights': WEIGHTS.tolist(),
    'initial': {key: {'shape': list(value.shape), 'data': value.ravel().tolist()} for key, value in INITIAL.items()},
    'cases': cases,
}))
