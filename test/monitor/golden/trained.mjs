// Writes trained.json, weights of networks on the samples: node test/monitor/golden/trained.mjs

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runnerImport } from 'vite';

const { module } = await runnerImport(join(import.meta.dirname, 'trainSamples.ts'), { configFile: false });
writeFileSync(join(import.meta.dirname, 'trained.json'), JSON.stringify(module.weights) + '\n');
