// Writes splits.json, Lathe's own split of each sample, for quality.py: node test/golden/splits.mjs

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';

const { module } = await runnerImport(join(import.meta.dirname, 'sampleSplits.ts'), { configFile: false });
const splits = {};
for (const sample of module.readIndex()) splits[sample.id] = await module.splitSample(sample);
writeFileSync(join(import.meta.dirname, 'splits.json'), JSON.stringify(splits) + '\n');
