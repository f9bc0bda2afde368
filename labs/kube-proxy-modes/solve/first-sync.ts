// The milliseconds of the syncs of IPv4 on controlplane, after those starts of kube-proxy that found all 400 ports.
import type { ExpectedScript } from 'kube-network-labs/lab';

const log = '/var/log/kube-proxy.log';

export const expected: ExpectedScript = async (lab) => {
  const text = (await lab.node('controlplane').read(log, 4 * 1024 * 1024)) ?? '';
  const found = startsIn(text).flatMap((lines) => {
    const first = lines.findIndex((line) => sync.test(line));
    const known = new Set(
      lines.slice(0, first).flatMap((line) => /portName="(load\/load-\d+:p\d+)" end/.exec(line)?.[1] ?? []),
    );
    return known.size < 400 ? [] : lines.flatMap((line) => sync.exec(line)?.[1] ?? []).slice(0, 2);
  });
  const answers = found
    .reverse()
    .flatMap((each) => [Math.round, Math.floor].map((whole) => String(whole(Number(each)))));
  return answers.length === 0 ? 'no sync of all services yet' : [...new Set(answers)];
};

const sync = /"SyncProxyRules complete" ipFamily="IPv4" elapsed="([\d.]+)ms"/;

/** The lines of each process of kube-proxy. */
const startsIn = (text: string): readonly (readonly string[])[] => {
  const starts: string[][] = [[]];
  for (const line of text.split('\n')) {
    if (line.includes('] "Version info"')) starts.push([]);
    starts.at(-1)?.push(line);
  }
  return starts;
};
