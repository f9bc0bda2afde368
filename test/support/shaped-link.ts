// Two machines on a bridge, and a link with a delay, a loss or a rate between them: for kernels with and without netem.
import { parseIpv4 } from '../../src/api/scalars.ts';
import type { LinkQuality, WireParams } from '../../src/api/wiring.ts';
import { wire } from '../../src/fabric/wire.ts';
import { macOf } from '../../src/host/plan/names.ts';
import { startMachine, type TestMachine } from '../contract/fabric/machine.ts';

export interface ShapedPair extends AsyncDisposable {
  /** Its link is plain. */
  readonly near: TestMachine;
  /** Its link has the quality. Its address is 192.168.56.11. */
  readonly far: TestMachine;
  readonly fabric: TestMachine;
  readonly wire: () => Promise<unknown>;
  /** The queue of the bridge's end of a link, as `tc -s -json qdisc show` prints it. */
  readonly queueOf: (port: string) => Promise<Queue | undefined>;
}

export interface Queue {
  readonly kind: string;
  readonly options: {
    readonly delay?: { readonly delay: number; readonly jitter: number };
    readonly 'loss-random'?: { readonly loss: number };
    /** Bytes per second; of netem in an object. */
    readonly rate?: number | { readonly rate: number };
  };
  readonly drops: number;
}

export const nearPort = 'lab-c0a8380a';
export const farPort = 'lab-c0a8380b';
export const farAddress = '192.168.56.11';

export const shapedPair = async (quality: LinkQuality): Promise<ShapedPair> => {
  const [fabric, near, far] = await Promise.all([startMachine(), startMachine(), startMachine()]);
  const link = (machine: string, { pid }: TestMachine, text: string): WireParams['links'][number] => {
    const address = parseIpv4(text);
    return { machine, pid, interface: 'eth0', address, prefix: 24, mac: macOf(address) };
  };
  const params: WireParams = {
    bridge: { name: 'lab0', address: parseIpv4('192.168.56.1'), prefix: 24 },
    links: [link('near', near, '192.168.56.10'), { ...link('far', far, farAddress), quality }],
  };
  return {
    fabric,
    near,
    far,
    wire: () => wire(params, { home: { path: `/proc/${fabric.pid}/ns/net` } }),
    queueOf: async (port) =>
      (JSON.parse(await fabric.sh(`tc -s -json qdisc show dev ${port}`)) as readonly Queue[]).find(
        ({ kind }) => kind !== 'noqueue',
      ),
    [Symbol.asyncDispose]: async () => {
      await Promise.all([fabric, near, far].map((machine) => machine[Symbol.asyncDispose]()));
    },
  };
};
