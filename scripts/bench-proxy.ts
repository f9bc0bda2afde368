// `npm run bench:proxy`: measures the bundled kube-proxy in network namespaces and prints figures beside the
// original's.
//   npm run bench:proxy -- [--backends nft,legacy,nftables,ipvs] [--sizes 100,1000,5000,10000]
//                          [--parts table,start,idle,storm] [--changes 30] [--pause 700] [--json]
// Needs root, iptables, nftables and perl. A change is timed from its request to the API server until its rule is in
// the kernel: nf_tables reports each commit by netlink; for legacy iptables the number of entries is read each
// millisecond. Few kernels have IPVS; for it, kube-proxy's own log counts: node scripts/node.mjs vm-test.ts --bench
import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { argv, echo } from 'zx';
import { type Backend, closeAll, removeLeftArenas } from './bench/proxy/arena.ts';
import { measure, type Row } from './bench/proxy/measure.ts';
import { measureIdle, measureStart, measureStorm } from './bench/proxy/others.ts';
import { report, type Small } from './bench/proxy/report.ts';

const list = (option: unknown, otherwise: string): string[] => String(option ?? otherwise).split(',');

const backends = list(argv.backends, 'nft,legacy,nftables') as Backend[];
const sizes = list(argv.sizes, '100,1000,5000,10000').map(Number);
const parts = new Set(list(argv.parts, 'table,start,idle,storm'));
const options = { changes: Number(argv.changes ?? 30), pauseMs: Number(argv.pause ?? 700) };
const storm = { services: 1000, perSecond: 500, seconds: 30 };
const smallCluster = 10;

const say = (text: string): void => void console.error(text);

const benchTable = async (): Promise<Row[]> => {
  const rows: Row[] = [];
  for (const backend of parts.has('table') ? backends : []) {
    for (const size of sizes) {
      say(`${backend}, ${size} services…`);
      rows.push(await measure(backend, size, options));
    }
  }
  return rows;
};

const benchRest = async (backend: Backend): Promise<Small> => {
  say(`${backend}: ${[...parts].filter((part) => part !== 'table').join(', ')}…`);
  return {
    backend,
    ...(parts.has('start') ? { startMs: await measureStart(backend, smallCluster, 7) } : {}),
    ...(parts.has('idle') ? { idle: await measureIdle(backend, 100, 60) } : {}),
    ...(parts.has('storm') ? { storm: await measureStorm(backend, storm) } : {}),
  };
};

for (const program of ['/usr/sbin/xtables-nft-multi', '/usr/sbin/nft', '/usr/bin/perl'])
  if (!existsSync(program)) throw new Error(`${program} is missing: apt-get install iptables nftables perl-base`);
removeLeftArenas();
process.once('exit', closeAll);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));

const rows = await benchTable();
const small: Small[] = [];
if (['start', 'idle', 'storm'].some((part) => parts.has(part)))
  for (const backend of backends) small.push(await benchRest(backend));

const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Linux ${release()}`;
if (argv.json) echo(JSON.stringify({ machine, rows, small }, null, 2));
else
  echo(
    `${report({ rows, small })}\n\n${machine}. [12× of …]: the original's figure, and how many times this kube-proxy is faster or smaller.`,
  );
process.exit(0);
