// Tables of arptables-legacy, which few systems have a tool for: the kernel names them, and the model takes heed.
import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { readNode } from '../../../src/dataplane/node/node.ts';
import { sendPacket } from '../../../src/dataplane/node/send.ts';
import { parseTexts, readingScript } from '../../../src/fabric/dataplane.ts';

/** Asks the kernel for a table (ARPT_SO_GET_INFO), as arptables-legacy does. The table is there from then on. */
const askForTable = `
use Socket;
socket(my $socket, AF_INET, SOCK_RAW, 255) or die "socket: $!";
my ($info, $length) = (pack('a68', 'filter'), pack('i', 68));
syscall(\`uname -m\` =~ /aarch64/ ? 209 : 55, fileno($socket), 0, 96, $info, $length) == 0 or die "getsockopt: $!";
`;

test('a packet through a machine with tables of arptables-legacy has an unknown end', () => {
  const name = `model-arp-${process.pid}`;
  const inside = (...command: string[]): string =>
    execFileSync('ip', ['netns', 'exec', name, ...command], { encoding: 'utf8', maxBuffer: 1 << 28 });
  execFileSync('ip', ['netns', 'add', name]);
  try {
    inside('ip', 'link', 'set', 'lo', 'up');
    inside('ip', 'link', 'add', 'eth0', 'type', 'veth', 'peer', 'name', 'other');
    inside('ip', 'link', 'set', 'other', 'up');
    inside('ip', 'link', 'set', 'eth0', 'up');
    inside('ip', 'address', 'add', '10.0.0.1/24', 'dev', 'eth0');
    const ends = () => {
      const texts = parseTexts('node01', inside('sh', '-c', readingScript));
      return sendPacket(readNode(texts), { destination: '10.0.0.9' }, { kind: 'process' }).map(({ end }) => end);
    };
    expect(ends()).toMatchObject([{ kind: 'leaves' }]);
    inside('perl', '-e', askForTable);
    const reasons = ['the rules of arptables-legacy (filter) are not modelled'];
    expect(ends()).toMatchObject([{ kind: 'unknown', reasons }]);
  } finally {
    execFileSync('ip', ['netns', 'del', name]);
  }
});
