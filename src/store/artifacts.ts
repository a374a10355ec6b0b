// Artifacts: the files that a version was exported to, by their SHA-256, so that a file that is met elsewhere can be told
// from another. The file itself is the person's; it is not kept.

import type { Workspace } from './workspace.ts';

export interface Artifact {
  /** of the file, hex */
  sha256: string;
  /** of the version it was made from */
  runId: number;
  format: string;
  fileName: string;
  sizeBytes: number;
  /** when it was first made */
  createdAt: number;
}

/** Keeps that a file was made; the same file made again is the same artifact. */
export function recordArtifact(ws: Workspace, artifact: Omit<Artifact, 'createdAt'>): Promise<void> {
  return ws.commit('the record of the export', async (draft) => {
    if (await draft.read('artifact', artifact.sha256)) return;
    draft.put('artifact', artifact.sha256, { ...artifact, createdAt: ws.now() });
  });
}
