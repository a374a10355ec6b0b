// The worker's end of Lathe: answers every verb of `api.ts`. What is small is here from the start; what brings
// TensorFlow.js, a parser or a runtime with it is loaded at its first use.

import type { Lathe } from './api.ts';
import { serve } from './channel.ts';
import { createContext, type Context, type EngineSetup } from './context.ts';
import { dataVerbs } from './engineData.ts';
import { keptVerbs } from './engineKept.ts';

// Tells the page that this worker listens; the page answers with the port on which the calls come.
addEventListener(
  'message',
  ({ data: { port, setup } }: MessageEvent<{ port: MessagePort; setup: EngineSetup }>) =>
    serve<Lathe>(port, createEngine(createContext(setup))),
  { once: true },
);
postMessage('ready');

function createEngine(context: Context): Lathe {
  return {
    ...dataVerbs(context),
    ...keptVerbs(context),
    importFiles: async (...args) => (await import('./engineImport.ts')).importFiles(context, ...args),
    importSample: async (...args) => (await import('./engineImport.ts')).importSample(context, ...args),
    updateColumns: async (...args) => (await import('./engineImport.ts')).updateColumns(context, ...args),

    suggestRecipe: async (...args) => (await import('./engineRecipe.ts')).suggestRecipe(context, ...args),
    checkRecipe: async (...args) => (await import('./engineRecipe.ts')).checkRecipe(context, ...args),

    train: async (...args) => (await import('./engineTrain.ts')).train(context, ...args),
    pause: async () => (await import('./engineTrain.ts')).pause(context),
    resume: async () => (await import('./engineTrain.ts')).resume(context),
    stop: async () => (await import('./engineTrain.ts')).stop(context),

    evaluate: async (...args) => (await import('./engineEvaluate.ts')).evaluate(context, ...args),
    examples: async (...args) => (await import('./engineEvaluate.ts')).examples(context, ...args),

    predictForm: async (...args) => (await import('./enginePredict.ts')).predictForm(context, ...args),
    predict: async (...args) => (await import('./enginePredict.ts')).predict(context, ...args),
    predictFile: async (...args) => (await import('./enginePredict.ts')).predictFile(context, ...args),

    exportModel: async (...args) => (await import('./engineExport.ts')).exportModel(context, ...args),

    backends: async () => (await import('../train/backend.ts')).probeBackends(),
    memory: async () => (await import('../train/backend.ts')).memory(),
  };
}
