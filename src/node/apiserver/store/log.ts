// The revision log on disk: one SQLite row per write. Everything above it is memory, and comes back from here.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync as Database } from 'node:sqlite';

/** One write. A deletion's value is the object as it was last, with the revision of its deletion. */
export interface LogEntry {
  readonly revision: number;
  /** `services/default/db-service`, with the group before the plural where there is one. */
  readonly key: string;
  readonly deleted: boolean;
  readonly value: string;
}

export interface RevisionLog {
  /** All entries not yet compacted, oldest first. */
  load(): IterableIterator<LogEntry>;
  /** Returns once the entry would outlive the process. */
  append(entry: LogEntry): void;
  /** Up to here superseded entries are gone: nobody can watch from before it. */
  readonly compacted: number;
  /** Forgets what was superseded at or before a revision, and deletions up to there. */
  compact(revision: number): void;
  close(): void;
}

/**
 * Opens or makes the log in a folder.
 * Write-ahead log with `synchronous=NORMAL`: each append is a write(2) of its own, which outlives a kill -9; only a power
 * cut can lose the last moments, and never tears the database. FULL would cost an fsync per write, milliseconds on a laptop.
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
          deleted: row.deleted === 1,
          value: String(row.value),
        };
      }
    },
    append: ({ revision, key, deleted, value }) => {
      insert.run(revision, key, deleted ? 1 : 0, value);
    },
    get compacted() {
      return compacted;
    },
    compact: (revision) => {
      compactTo(database, revision);
      compacted = revision;
    },
    close: () => database.close(),
  };
};

const compactTo = (database: Database, revision: number): void => {
  database.exec('BEGIN IMMEDIATE');
  try {
    database
      .prepare(
        `DELETE FROM log WHERE revision <= ?1 AND (deleted = 1 OR EXISTS (
           SELECT 1 FROM log AS newer WHERE newer.key = log.key AND newer.revision > log.revision AND newer.revision <= ?1))`,
      )
      .run(revision);
    database.prepare("UPDATE meta SET value = ? WHERE name = 'compacted'").run(revision);
    database.exec('COMMIT');
  } catch (error) {
    database.exec('ROLLBACK');
    throw error;
  }
};

/** node:sqlite warns on standard error that it is experimental; a component's log is no place for that. */
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
