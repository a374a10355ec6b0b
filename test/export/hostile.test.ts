// Hostile names in every exported file: each file is read by its own parser, and gives the names back as they are.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse as parseScript } from 'acorn';
import { onnx } from 'onnx-proto';
import Papa from 'papaparse';
import { describe, expect, it, test } from 'vitest';
import { writeCsv } from '../../src/data/formats/csv.ts';
import type { FeatureEncoding } from '../../src/data/prepare.ts';
import { writeModelCard } from '../../src/export/modelCard.ts';
import { writeOnnx } from '../../src/export/onnx.ts';
import { type MonitoringInput, writeMonitoring } from '../../src/export/prometheus/monitoring.ts';
import { onnxPorts } from '../../src/export/ports.ts';
import { writeTfjs } from '../../src/export/tfjs.ts';
import { presetRules } from '../../src/monitor/presets.ts';
import { type Figure, figureKey, parseFigureKey } from '../../src/monitor/rules.ts';
import { pythonSnippet, tfjsSnippet, webSnippet } from '../../src/ui/export/snippets.ts';
import { PAYLOADS } from '../e2e/hostile/payloads.ts';
import { randomModel, tablePreparation } from './models.ts';
import { keepMonitoring } from './prometheus/keepMonitoring.ts';
import { type Feeds, runOnnx } from './runtimes.ts';

/** As a file of text may have them: without NUL, and with halves of surrogates as U+FFFD. */
const NAMES = PAYLOADS.map(({ name }) => name.replaceAll('\0', '').replace(/\p{Cs}/gu, '\ufffd'));

const FEATURES: FeatureEncoding[] = NAMES.map((column, i) =>
  i % 2 === 0
    ? { kind: 'number', column, type: 'number', fill: 0.5, center: 0, scale: 1 }
    : { kind: 'oneHot', column, type: 'category', outputs: [column, 'other'], fill: column },
);

function hostileModel(name: string) {
  const model = randomModel(tablePreparation(FEATURES, { kind: 'classes', labels: NAMES }), []);
  model.name = name;
  model.card.note = NAMES.join('\n');
  model.card.target = name;
  model.card.data.name = name;
  return model;
}
const MODEL = hostileModel(NAMES[0]);

/** Runs a tool on a text; skips visibly where the tool is not installed. */
function withTool(command: string, what: string, run: (check: (args: string[], text: string) => void) => void): void {
  const found = spawnSync(command, ['--version']);
  if (found.status !== 0) return test.skip(`${what} (skipped: ${command} is not installed)`);
  test(what, () => {
    const folder = mkdtempSync(join(tmpdir(), 'lathe-hostile-'));
    try {
      run((args, text) => {
        const file = join(folder, 'file');
        writeFileSync(file, text);
        const { status, stdout, stderr } = spawnSync(command, [...args, file], { input: text, encoding: 'utf8' });
        expect({ status, said: `${stdout}${stderr}` }).toMatchObject({ status: 0 });
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test('an ONNX file runs in its runtime with inputs called as the columns are, and gives one of the labels', async () => {
  const feeds = FEATURES.map(({ kind, column }): Feeds[number] => [
    column,
    kind === 'number' ? new Float32Array([1]) : [column],
    [1, 1],
  ]);
  const bytes = writeOnnx(MODEL);
  const result = await runOnnx(bytes, feeds);
  expect(NAMES).toContain(result.get('label')!.data[0]);
  const { metadataProps, graph } = onnx.ModelProto.decode(bytes);
  const metadata = new Map(metadataProps.map(({ key, value }) => [key, value!]));
  expect(graph!.input!.map(({ name }) => name)).toEqual(NAMES);
  expect(JSON.parse(metadata.get('labels')!)).toEqual(NAMES);
  expect(JSON.parse(metadata.get('inputs')!)).toEqual(NAMES.map((name) => [name, name]));
});

test('the files of a TensorFlow.js model are JSON with the names as they are, and a line for each label', () => {
  const files = new Map(writeTfjs(MODEL).map(({ name, bytes }) => [name, bytes]));
  const { userDefinedMetadata } = JSON.parse(files.get('model.json') as string);
  expect(userDefinedMetadata).toMatchObject({ name: MODEL.name, target: MODEL.name, labels: NAMES });
  const { features } = JSON.parse(files.get('preparation.json') as string);
  expect(features.map(({ column }: FeatureEncoding) => column)).toEqual(NAMES);
  expect((files.get('labels.txt') as string).split('\n')).toHaveLength(NAMES.length + 1);
  const [, code] = /```js\n([\s\S]*?)\n```/.exec(files.get('README.md') as string)!;
  parseScript(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true });
});

describe('a model card', () => {
  it('has the headings of its own and no other, and as many cells in a row as its head has', () => {
    const card = writeModelCard(MODEL);
    const plain = writeModelCard(
      randomModel(tablePreparation(FEATURES.slice(0, 1), { kind: 'value', center: 0, scale: 1 }), []),
    );
    const headings = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^#/.test(line))
        .slice(1);
    expect(headings(card)).toEqual(headings(plain));
    const rows = card.split('\n').filter((line) => line.startsWith('| '));
    const table = rows.slice(
      rows.findIndex((row) => row.startsWith('| column')),
      rows.findIndex((row) => row.startsWith('| part')),
    );
    expect(table).toHaveLength(NAMES.length + 2);
    for (const row of table) expect(row.replaceAll('\\|', '').split('|')).toHaveLength(6);
  });

  it.each(NAMES)('takes %j for no markup outside code', (name) => {
    const [heading] = writeModelCard(hostileModel(name)).split('\n');
    // what is left when each escaped sign is taken away has none that Markdown acts on
    expect(heading.slice(1).replace(/\\[!-/:-@[-`{-~]/g, '')).not.toMatch(/[\\`*_{}[\]()<>#+!|&~:@$]|www\./);
  });
});

describe('the code that is shown', () => {
  const facts = {
    file: 'model-v1.onnx',
    form: {
      fields: FEATURES.map((feature) =>
        feature.kind === 'number'
          ? { kind: 'number' as const, column: feature.column, type: 'number' as const, min: 0, max: 1, fill: 0 }
          : {
              kind: 'category' as const,
              column: feature.column,
              type: 'category' as const,
              options: feature.outputs,
              fill: feature.fill,
            },
      ),
      image: null,
      example: Object.fromEntries(FEATURES.map(({ kind, column }) => [column, kind === 'number' ? 1 : column])),
    },
    ports: onnxPorts(tablePreparation(FEATURES, { kind: 'classes', labels: NAMES })),
    labels: NAMES,
  };

  /** The texts in a script, as its parser reads them. */
  function textsOf(code: string): string[] {
    const texts: string[] = [];
    JSON.stringify(
      parseScript(code, { ecmaVersion: 'latest', sourceType: 'module', allowAwaitOutsideFunction: true }),
      (_, node) => {
        if (node?.type === 'Literal' && typeof node.value === 'string') texts.push(node.value);
        return node;
      },
    );
    return texts;
  }

  it.each([
    ['onnxruntime-web', webSnippet],
    ['TensorFlow.js', tfjsSnippet],
  ])('for %s is a script that has every name', (_, write) => {
    expect(textsOf(write(facts))).toEqual(expect.arrayContaining(NAMES));
  });

  withTool('python3', 'for Python is a program that has every name', (check) => {
    const names = Buffer.from(JSON.stringify(NAMES)).toString('base64');
    const program = `import ast, base64, json, sys
texts = {node.value for node in ast.walk(ast.parse(open(sys.argv[1], encoding="utf-8", newline="").read())) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
missing = [name for name in json.loads(base64.b64decode("${names}")) if name not in texts]
sys.exit(f"missing {missing}" if missing else 0)`;
    check(['-c', program], pythonSnippet(facts));
  });
});

test('a CSV has every name as a header and as a cell, those that a spreadsheet would run after a quote', async () => {
  const text = await writeCsv(NAMES, [NAMES]).text();
  const { data, errors } = Papa.parse<string[]>(text, { skipEmptyLines: true });
  expect(errors).toEqual([]);
  const safe = NAMES.map((name) => (/^[=+\-@]/.test(name) ? `'${name}` : name));
  expect(safe.filter((name, i) => name !== NAMES[i])).toHaveLength(3);
  expect(data).toEqual([safe, safe]);
});

describe('what Prometheus and Grafana read', () => {
  const figures: Figure[] = NAMES.map((column, i) => ({
    name: 'lathe_column_drift_p_value',
    labels: { column },
    value: i % 2 === 0 ? 0.5 : 0.01,
  }));
  const spread = new Map(
    NAMES.map((column) => [figureKey({ name: 'lathe_column_missing_ratio', labels: { column } }), { mean: 0, std: 1 }]),
  );
  const input = (name: string): MonitoringInput => ({
    model: name,
    version: `${name}@1`,
    batch: { createdAt: 0, rows: 1, figures },
    rules: presetRules('accuracy').map((rule) => ({ ...rule, name: `${rule.name} ${name}` })),
    spread,
    batchSeconds: 3600,
  });
  const write = (name: string) => writeMonitoring(input(name));

  it.each(NAMES)('has one line a figure, whatever the model: %j', (name) => {
    const lines = String(write(name).openMetrics.bytes).split('\n');
    expect(lines.filter((line) => !line.startsWith('#') && line !== '')).toHaveLength(NAMES.length + 1);
    for (const line of lines) expect(line).toMatch(/^$|^# |^lathe_\w+\{(\w+="(\\.|[^"\\])*",?)+\} 0(\.5|\.01)?$/);
  });

  it('finds the names in the keys of the reference again', () => {
    const labels = [...spread.keys()].map((key) => parseFigureKey(key).labels.column);
    expect(labels).toEqual(NAMES);
  });

  it('is left to Prometheus, which fires for each of them what Lathe says', () =>
    keepMonitoring('hostile', input(NAMES[0])));

  withTool('promtool', 'is taken by promtool, rules for each name', (check) => {
    const groups = NAMES.map((name) => String(write(name).alertRules.bytes).replace('groups:\n', ''));
    check(['check', 'rules'], `groups:\n${groups.join('')}`);
  });

  it.each(NAMES)('takes the name of a model for no template and no variable: %j', (name) => {
    const { alertRules, dashboard } = write(name);
    // the labels and annotations of an alert are templates; an expression and the name of a group are none
    const texts = [...String(alertRules.bytes).matchAll(/^ {10}\w+: (.*)$/gm)].map(([, text]) =>
      text.startsWith('"') ? (JSON.parse(text) as string) : text,
    );
    const templates = texts.flatMap((text) => [...text.matchAll(/\{\{(.*?)\}\}/gs)].map(([, inside]) => inside.trim()));
    expect(templates.length).toBeGreaterThan(0);
    const ours = ['$value', '$labels.column', '$labels.metric', '"{{"'];
    expect(templates.filter((inside) => !ours.includes(inside))).toEqual([]);
    expect(JSON.parse(String(dashboard.bytes)).panels[0].targets[0].expr).not.toMatch(/\$|\[\[/);
  });
});
