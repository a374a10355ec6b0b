// The worker's end of Lathe: answers every verb of `api.ts`. What is small is here from the start; what brings
// TensorFlow.js, a parser or a runtime with it is loaded at its first use.

import type { Lathe } from './api.ts';
import { checked } from './arguments.ts';
import { serve } from './channel.ts';
import { createContext, type Context, type EngineSetup } from './context.ts';
import { dataVerbs } from './engineData.ts';
import { keptVerbs } from './engineKept.ts';
import { watchEvents } from './events.ts';
import { passphraseState } from './passphraseState.ts';
import { watchRequests } from './requests.ts';

// Tells the page that this worker listens; the page answers with the port on which the calls come.
addEventListener(
  'message',
  ({ data: { port, setup } }: MessageEvent<{ port: MessagePort; setup: EngineSetup }>) => {
    const context = createContext(setup);
    serve<Lathe>(port, checked(createEngine(context)));
    startChores(context, port);
  },
  { once: true },
);
postMessage('ready');
watchRequests('engine', (seen) => postMessage(seen));

/** So long after its start the page has what it shows first. */
const START_MS = 5000;
/** Nobody has asked for anything for so long. */
const IDLE_MS = 60_000;

/** Removes what pages that are gone have left; then audits what is kept while there is nothing else to do. */
function startChores(context: Context, port: MessagePort): void {
  let askedAt = performance.now();
  port.addEventListener('message', () => (askedAt = performance.now()));
  const isBusy = () => context.training !== null || performance.now() - askedAt < IDLE_MS;
  const after = (ms: number, chore: () => Promise<void>) => setTimeout(() => void chore().catch(console.warn), ms); // the next visit does it
  after(START_MS, async () => {
    if ((await context.workspace.incident())?.kind === 'newer') return; // nothing here is this page's to touch
    await (await import('../store/leftovers.ts')).removeLeftovers(context.workspace);
    await (await import('./automatic.ts')).takeUpUpdates(context);
  });
  context.onBatches = () => after(0, async () => (await import('./automatic.ts')).heedBatches(context));
  context.events.follow((event) => {
    if (event.kind !== 'trainingEnded') return;
    after(0, async () => (await import('./automatic.ts')).carryOutWaiting(context));
  });
  after(IDLE_MS, async () => (await import('../store/idleAudit.ts')).auditWhenIdle(context.workspace, { isBusy }));
}

function createEngine(context: Context): Lathe {
  return {
    ...dataVerbs(context),
    ...keptVerbs(context),
    importFiles: async (...args) => (await import('./engineImport.ts')).importFiles(context, ...args),
    importSample: async (...args) => (await import('./engineImport.ts')).importSample(context, ...args),
    updateColumns: async (...args) => (await import('./engineImport.ts')).updateColumns(context, ...args),

    suggestRecipe: async (...args) => (await import('./engineRecipe.ts')).suggestRecipe(context, ...args),
    suggestModels: async (...args) => (await import('./engineRecipe.ts')).suggestModels(context, ...args),
    checkRecipe: async (...args) => (await import('./engineRecipe.ts')).checkRecipe(context, ...args),
    draft: async (...args) => (await import('../store/drafts.ts')).readDraft(context.workspace, ...args),
    keepDraft: async (...args) => (await import('../store/drafts.ts')).keepDraft(context.workspace, ...args),

    train: async (...args) => (await import('./engineTrain.ts')).train(context, ...args),
    resumeRun: async (...args) => (await import('./engineTrain.ts')).resumeRun(context, ...args),
    pause: async () => (await import('./engineTrain.ts')).move(context, 'pause'),
    resume: async () => (await import('./engineTrain.ts')).move(context, 'resume'),
    stop: async () => (await import('./engineTrain.ts')).move(context, 'stop'),

    evaluate: async (...args) => (await import('./engineEvaluate.ts')).evaluate(context, ...args),
    examples: async (...args) => (await import('./engineEvaluate.ts')).examples(context, ...args),

    predictForm: async (...args) => (await import('./enginePredict.ts')).predictForm(context, ...args),
    onnxPorts: async (...args) => (await import('./enginePredict.ts')).readPorts(context, ...args),
    predict: async (...args) => (await import('./enginePredict.ts')).predict(context, ...args),
    predictFile: async (...args) => (await import('./enginePredict.ts')).predictFile(context, ...args),

    compare: async (...args) => (await import('./engineCompare.ts')).compare(context, ...args),
    flippedRows: async (...args) => (await import('./engineCompare.ts')).flippedRows(context, ...args),
    judge: async (...args) => (await import('./engineCompare.ts')).judge(context, ...args),
    gate: async (...args) => (await import('./engineCompare.ts')).gate(context, ...args),
    setGate: async (...args) => (await import('./engineCompare.ts')).setGate(context, ...args),
    promote: async (...args) => (await import('./engineCompare.ts')).promote(context, ...args),
    rollBack: async (...args) => (await import('./engineCompare.ts')).rollBack(context, ...args),

    scoreBatch: async (...args) => (await import('./engineMonitor.ts')).scoreBatch(context, ...args),
    batches: async (...args) => (await import('./engineMonitor.ts')).batches(context, ...args),
    batch: async (...args) => (await import('./engineMonitor.ts')).batch(context, ...args),
    batchRows: async (...args) => (await import('./engineBatchRows.ts')).batchRows(context, ...args),
    labelBatch: async (...args) => (await import('./engineMonitor.ts')).labelBatch(context, ...args),
    removeBatch: async (...args) => (await import('./engineMonitor.ts')).removeBatch(context, ...args),
    acknowledge: async (...args) => (await import('./engineMonitor.ts')).acknowledge(context, ...args),
    // asked for by each page that opens, so nothing of the watching comes with it
    folders: async () => (await import('../store/folders.ts')).watchedFolders(context.workspace),
    watchFolder: async (...args) => (await import('./engineFolder.ts')).watchFolder(context, ...args),
    forgetFolder: async (...args) => (await import('../store/folders.ts')).forgetFolder(context.workspace, ...args),
    testBatch: async (...args) => (await import('./engineMonitor.ts')).testBatch(context, ...args),
    rules: async (...args) => (await import('./engineRules.ts')).rules(context, ...args),
    setRules: async (...args) => (await import('./engineRules.ts')).setRules(context, ...args),
    rulePresets: async (...args) => (await import('./engineRules.ts')).rulePresets(context, ...args),
    monitorSettings: async (...args) => (await import('./engineRules.ts')).monitorSettings(context, ...args),
    setMonitorSettings: async (...args) => (await import('./engineRules.ts')).setMonitorSettings(context, ...args),
    exportMonitoring: async (...args) => (await import('./exportMonitoring.ts')).exportMonitoring(context, ...args),

    combine: async (...args) => (await import('./engineUpdate.ts')).combine(context, ...args),
    checkUpdate: async (...args) => (await import('./engineUpdate.ts')).checkUpdate(context, ...args),
    automatic: async (...args) => (await import('./automatic.ts')).automatic(context, ...args),
    setAutomatic: async (...args) => (await import('./automatic.ts')).setAutomatic(context, ...args),
    suggestUpdate: async (...args) => (await import('./engineUpdate.ts')).suggestUpdate(context, ...args),

    exportModel: async (...args) => (await import('./engineExport.ts')).exportModel(context, ...args),

    incident: () => context.workspace.incident(),
    watch: (options) => watchEvents(context.events, options),
    lineage: async () => (await import('./engineStorage.ts')).lineage(context),
    salvage: async () => (await import('./engineStorage.ts')).salvage(context),
    audit: async (...args) => (await import('./engineStorage.ts')).audit(context, ...args),
    lastAudit: async () => (await import('./engineStorage.ts')).lastAudit(context),
    usage: async () => (await import('./engineStorage.ts')).usage(context),
    cleanUp: async (...args) => (await import('./engineStorage.ts')).cleanUp(context, ...args),
    passphrase: () => passphraseState(context),
    setPassphrase: async (...args) => (await import('./enginePassphrase.ts')).setPassphrase(context, ...args),
    finishSealing: async (...args) => (await import('./enginePassphrase.ts')).finishSealing(context, ...args),
    unlock: async (...args) => (await import('./enginePassphrase.ts')).unlock(context, ...args),
    lock: async () => (await import('./enginePassphrase.ts')).lock(context),
    erase: async () => (await import('./enginePassphrase.ts')).erase(context),

    rawExport: async () => (await import('./engineStorage.ts')).rawExport(context),

    backup: async (...args) => (await import('./engineBackup.ts')).backup(context, ...args),
    inspectBackup: async (...args) => (await import('./engineBackup.ts')).inspectBackup(...args),
    restore: async (...args) => (await import('./engineBackup.ts')).restore(context, ...args),

    backends: async () => (await import('../train/backend.ts')).probeBackends(),
    memory: async () => (await import('../train/backend.ts')).memory(),
  };
}
