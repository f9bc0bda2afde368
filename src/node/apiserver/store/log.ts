// The revision log on disk: one SQLite row per write. At start, the store is filled from this log.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync as Database } from 'node:sqlite';

/** One write. The value of a deletion is the object's last state, with the revision of the deletion. */
export interface LogEntry {
  readonly revision: number;
  /** `services/default/db-service`; `apps/deployments/default/web` outside of the core group. */
  readonly key: string;
  readonly deleted: boolean;
  /** A deletion that need not be remembered. */
  readonly forgotten?: boolean;
  readonly value: string;
}

export interface RevisionLog {
  /** All entries not yet compacted, oldest first. */
  load(): IterableIterator<LogEntry>;
  /** After this returns, a crash of the process does not lose the entry. */
  append(entry: LogEntry): void;
  /** The revision of the last compact(). No watch can start before it. */
  readonly compacted: number;
  /**
   * Removes deletions up to a revision, and entries that a later entry up to that revision replaces.
   * @param kept the deletions that stay, by their revision
   */
  compact(revision: number, kept: readonly number[]): void;
  /** The deletion with this revision need not stay any longer than other entries. */
  forget(revision: number): void;
  close(): void;
}

/** The values of the column `deleted`. */
const [present, gone, forgotten] = [0, 1, 2];

/**
 * Opens or creates the log in a folder. `synchronous=NORMAL`: a kill -9 loses nothing. A power cut may lose the last
 * writes, but never damages the database. FULL would cost an fsync per write, which takes milliseconds.
 */
export const openLog = (folder: string): RevisionLog => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const database = openDatabase(join(folder, 'kube.db'));
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = NORMAL;
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA cache_size = -512;
    PRAGMA wal_autocheckpoint = 2000;
    CREATE TABLE IF NOT EXISTS log (revision INTEGER PRIMARY KEY, key TEXT NOT NULL, deleted INTEGER NOT NULL, value TEXT NOT NULL);
    CREATE INDEX IF NOT EXISTS log_key ON log (key, revision);
    CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
    INSERT OR IGNORE INTO meta VALUES ('compacted', 0);
  `);
  const insert = database.prepare('INSERT INTO log (revision, key, deleted, value) VALUES (?, ?, ?, ?)');
  const compactedRow = database.prepare("SELECT value FROM meta WHERE name = 'compacted'").get();
  let compacted = Number(compactedRow?.value ?? 0);
  return {
    *load() {
      const rows = database.prepare('SELECT revision, key, deleted, value FROM log ORDER BY revision').iterate();
      for (const row of rows) {
        yield {
          revision: Number(row.revision),
          key: String(row.key),
          deleted: row.deleted !== present,
          forgotten: row.deleted === forgotten,
          value: String(row.value),
        };
      }
    },
    append: ({ revision, key, deleted, value }) => {
      insert.run(revision, key, deleted ? gone : present, value);
    },
    get compacted() {
      return compacted;
    },
    compact: (revision, kept) => {
      compactTo(database, revision, kept);
      compacted = revision;
    },
    forget: (revision) => {
      database.prepare(`UPDATE log SET deleted = ${forgotten} WHERE revision = ? AND deleted = ${gone}`).run(revision);
    },
    close: () => database.close(),
  };
};

const compactTo = (database: Database, revision: number, kept: readonly number[]): void => {
  database.exec('BEGIN IMMEDIATE');
  try {
    database
      .prepare(
        `DELETE FROM log WHERE revision <= ?1 AND revision NOT IN (SELECT value FROM json_each(?2))
           AND (deleted != ${present} OR EXISTS (
             SELECT 1 FROM log AS newer
               WHERE newer.key = log.key AND newer.revision > log.revision AND newer.revision <= ?1))`,
      )
      .run(revision, JSON.stringify(kept));
    database.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
};

/** Opens without node:sqlite's warning that it is experimental, which would appear in the component's log. */
const openDatabase = (path: string): Database => {
  const emitWarning = process.emitWarning;
  process.emitWarning = () => {};
  try {
    const { DatabaseSync } = process.getBuiltinModule('node:sqlite');
    return new DatabaseSync(path);
  } finally {
    process.emitWarning = emitWarning;
  }
};
