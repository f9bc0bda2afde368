// Reads what a component of a machine has logged: from the machine's journal, by the fields that journald fills in from
// the kernel. Everybody can write to a log file, or into the journal under the name of a component.
import type { FileHandle } from 'node:fs/promises';
import type { FileOutcome, JournalParams } from '../api/facts.ts';
import { namesIn, withMachineFile } from './read-file.ts';
import { run } from './run.ts';

const folders = ['/run/log/journal', '/var/log/journal'];
/** journald keeps some files of some megabytes. A student can put any number of files there. */
const mostFiles = 32;
const mostLines = 50_000;
const mostBytes = 4 << 20;
const timeoutMs = 5000;

/** The end of the log. It does not exist if the machine has no journal. */
export const readJournal = async ({ pid, unit }: JournalParams, signal?: AbortSignal): Promise<FileOutcome> => {
  const texts: { readonly at: number; readonly text: string }[] = [];
  for (const path of await filesOf(pid)) {
    const read = async (file: FileHandle): Promise<void> => {
      // A file that is no journal has no lines: whoever is root can put it there.
      const { stdout } = await run(journalctl(unit), { file: file.fd, timeoutMs, maxBytes: 16 * mostBytes, signal });
      texts.push({ at: (await file.stat()).mtimeMs, text: stdout });
    };
    await withMachineFile({ pid, path }, read);
  }
  if (texts.length === 0) return { exists: false };
  const all = texts.toSorted((a, b) => a.at - b.at).map(({ text }) => text);
  const content = all.join('');
  const kept = content.slice(-mostBytes);
  return { exists: true, content: kept, size: content.length, truncated: kept !== content };
};

/** Fields with an underscore are journald's. A process that was moved into the cgroup of the unit has them, too. */
const journalctl = (unit: string): readonly string[] => [
  ...['journalctl', '--file=/proc/self/fd/3', '--quiet', '--output=cat', `--lines=${mostLines}`],
  ...[`_SYSTEMD_UNIT=${unit}.service`, `_SYSTEMD_CGROUP=/system.slice/${unit}.service`],
  ...['_TRANSPORT=stdout', '_EXE=/usr/bin/node'],
];

const filesOf = async (pid: number): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const folder of folders)
    for (const id of (await namesIn({ pid, path: folder })).filter((name) => /^[0-9a-f]{32}$/.test(name)))
      for (const name of await namesIn({ pid, path: `${folder}/${id}` }))
        if (/^system.*\.journal~?$/.test(name)) found.push(`${folder}/${id}/${name}`);
  return found.slice(0, mostFiles);
};
