// Sends the packets of a case through the real kernel, and compares the answers with the case.
import { expect } from 'vitest';
import type { ModeName } from './modes.ts';
import { type PacketCase, type Sees, type Want, wantIn } from './packet-cases.ts';
import { target } from './packet-services.ts';
import { addresses, type Family, ofNode, type Place } from './places.ts';
import type { Sketch } from './sketch.ts';
import type { Topology } from './topology.ts';

/** How long to wait before the test accepts that no answer comes. */
const silenceMs = 400;
/** With so many connections, a test misses one of two endpoints only once in a million runs. */
const enoughForTwo = 21;

const codes = { refused: ['ECONNREFUSED'], lost: ['ETIMEDOUT'], closed: ['ECLOSED', 'ECONNRESET'] } as const;

export interface Asked {
  readonly from: Place;
  readonly host: string;
  readonly port: number;
  readonly kind?: 'tcp' | 'udp';
  readonly family: Family;
  /** The endpoint's port. Default: 8080. */
  readonly at?: number;
}

export const expectAnswers = async (topology: Topology, asked: Asked, want: Want): Promise<void> => {
  const { from, host, port, kind = 'tcp', family, at = 8080 } = asked;
  const connection = { kind, host, port };
  if ('fails' in want) {
    const patience = want.fails === 'lost' ? { timeoutMs: silenceMs } : {};
    const [answer] = await topology.ask(from, { ...connection, ...patience });
    expect(codes[want.fails], JSON.stringify(answer)).toContain(answer?.error);
    return;
  }
  const answers = await topology.ask(from, connection, want.lands.length === 1 ? 4 : enoughForTwo);
  const story = JSON.stringify([...new Set(answers.map((answer) => JSON.stringify(answer)))]);
  expect(new Set(answers.map((answer) => answer.at)), story).toEqual(
    new Set(want.lands.map((place) => addresses[place][family])),
  );
  expect(new Set(answers.map((answer) => answer.port)), story).toEqual(new Set([at]));
  for (const answer of answers) expect(seenAs(want.sees, asked), story).toContain(answer.from);
};

/** Runs a case with the outcome that it has in this mode. */
export const expectCase = (
  topology: Topology,
  sketches: readonly Sketch[],
  packet: PacketCase,
  { mode, family }: { readonly mode: ModeName; readonly family: Family },
): Promise<void> => {
  const sketch = sketches.find(({ name }) => name === packet.to);
  if (!sketch) throw new Error(`no service ${packet.to}`);
  const asked = { from: packet.from, ...target(sketch, packet.by, family, packet.port), family };
  const kind = sketch.protocol === 'UDP' ? 'udp' : 'tcp';
  return expectAnswers(topology, { ...asked, kind, at: 8080 + (packet.port ?? 0) }, wantIn(mode, packet));
};

const seenAs = (sees: Sees, { from, host, family }: Asked): readonly string[] => {
  if (sees === 'service') return [host];
  return sees === 'client' && from !== 'node' ? [addresses[from][family]] : ofNode(family);
};
