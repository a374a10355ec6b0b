// The workspace as a whole: backups, whether it is sound, its passphrase, what happens in it. Types only.

import type { AuditProgress, AuditReport } from '../store/audit.ts';
import type { BackupProgress } from '../store/backup.ts';
import type { BackupContents } from '../store/backupManifest.ts';
import type { Damage } from '../store/backupScope.ts';
import type { CleanUpItem, CleanUpPart } from '../store/cleanUp.ts';
import type { Incident } from '../store/incident.ts';
import type { Kind } from '../store/kinds.ts';
import type { RestoreProgress, RestoreReport } from '../store/restore.ts';
import type { SalvageReport } from '../store/salvage.ts';
import type { SealingProgress } from '../store/sealing.ts';
import type { Usage } from '../store/usage.ts';
import type { TrainingNews } from './apiTrain.ts';
import type { CallOptions } from './channel.ts';

export type { IncidentKind } from '../store/incident.ts';
export type { UsageItem } from '../store/usage.ts';
export type {
  AuditProgress,
  AuditReport,
  BackupContents,
  BackupProgress,
  CleanUpItem,
  CleanUpPart,
  Damage,
  Incident,
  Kind,
  RestoreProgress,
  RestoreReport,
  SalvageReport,
  SealingProgress,
  Usage,
};

/** What `watch` tells of. */
export type LatheEvent =
  /** records were changed, here or in another tab */
  | { kind: 'changed'; kinds: Kind[] }
  | { kind: 'storage'; state: StorageState }
  /** a training goes on, in this tab or in another; a few times a second, and first of all the whole log */
  | { kind: 'training'; here: boolean; news: TrainingNews }
  /** what became of it is said by its run; one that was cut off with its tab is `interrupted` */
  | { kind: 'trainingEnded'; runId: number }
  /** the passphrase was set, changed or removed, here or in another tab; `lock`: every tab is locked now */
  | { kind: 'passphrase'; lock: boolean };

/**
 * `blocked`: an older page in another tab keeps this one from opening; it goes on when that tab is closed. `wanted`: a
 * newer page in another tab waits for the training of this one to end. `superseded`: it has taken over. `doubtful`: the browser
 * has closed what is kept here, or cannot read it. `incident` says what the last two come to.
 */
export type StorageState = 'open' | 'blocked' | 'wanted' | 'superseded' | 'doubtful';

/** Whether a passphrase is set, and whether everything is sealed by it. */
export interface PassphraseState {
  /** `sealing`, `unsealing`: it was cut off, and some files are still in the clear, or still sealed: `finishSealing` */
  state: 'none' | 'sealing' | 'sealed' | 'unsealing';
  /** this tab was not given the passphrase, and can read nothing */
  locked: boolean;
}

export interface WorkspaceVerbs {
  /**
   * The whole workspace as one file, or some models with all that they came of; with a passphrase, sealed by it. It is
   * written to `to` as it is made (then `file` is null), else to a file on disk that lasts until the next backup or until
   * the page is closed.
   */
  backup(
    request?: { models?: string[]; passphrase?: string; to?: FileSystemFileHandle },
    options?: CallOptions<BackupProgress>,
  ): Promise<{ file: File | null; contents: BackupContents }>;
  /** What is in a backup; null where it is sealed and no passphrase was given. Its blobs are checked when it is restored. */
  inspectBackup(
    file: File,
    request?: { passphrase?: string },
  ): Promise<{ sealed: boolean; contents: BackupContents | null; damaged: Damage[] }>;
  /**
   * Puts a backup back beside what is here, or some of its models with all that they came of: all of it or nothing. What is
   * damaged is named in the error, and left out with `skipDamaged`.
   */
  restore(
    file: File,
    request?: { passphrase?: string; models?: string[]; skipDamaged?: boolean },
    options?: CallOptions<RestoreProgress>,
  ): Promise<RestoreReport>;
  /** What is wrong with what is kept, such as that a newer Lathe wrote it; null where it is whole. Nothing is written until it was dealt with. */
  incident(): Promise<Incident | null>;
  /** Deals with an incident: puts back what is sound in the database and its second copy, and says what is lost. */
  salvage(): Promise<SalvageReport>;
  /** Hashes everything that is kept again. */
  audit(options?: CallOptions<AuditProgress>): Promise<AuditReport>;
  /** The last audit; it is also made in idle time, once a day. Null where there was none. */
  lastAudit(): Promise<AuditReport | null>;
  /** What takes the room. */
  usage(): Promise<Usage>;
  /** Removes what is not needed and gives what went, or, as a preview, what would go. */
  cleanUp(parts: CleanUpPart[], options?: { preview?: boolean }): Promise<CleanUpItem[]>;
  passphrase(): Promise<PassphraseState>;
  /**
   * Sets a passphrase, under which everything that is kept is sealed; changes it, or removes it (null), for which the
   * `current` one is given. There is no way round one that is forgotten. Every other tab has to be unlocked by itself.
   */
  setPassphrase(
    passphrase: string | null,
    request?: { current?: string },
    options?: CallOptions<SealingProgress>,
  ): Promise<void>;
  /** Goes on with sealing or unsealing that was cut off; nothing where it was not. */
  finishSealing(options?: CallOptions<SealingProgress>): Promise<void>;
  /** Opens what is sealed, for this tab. */
  unlock(passphrase: string): Promise<void>;
  /** Forgets the passphrase, in every tab. */
  lock(): Promise<void>;
  /** Removes everything that is kept here, also what is locked. */
  erase(): Promise<void>;
  /** Everything that can still be read, as it lies on the disk, as a tar file; also of a newer or damaged database. */
  rawExport(): Promise<File>;
  /** Tells of what happens, here and in other tabs, until it is aborted; of a training, from its begin on. */
  watch(options: CallOptions<LatheEvent>): Promise<void>;
}
