// The queue that gives a link its delay, loss and rate, as a command of tc. Used by wire.ts.
import { type LinkQuality, queueKind } from '../api/wiring.ts';

/** Packets that wait. A thousand, the kernel's default, would be too few for a long delay. */
const mostWaiting = 10_000;
/** Bytes that wait for a rate: about a thousand large packets, as in netem with a rate. */
const mostBytes = 1_500_000;
/** A packet of an Ethernet link fits. */
const leastBurst = 2000;

/** The words after `tc`. */
export const queueCommand = (port: string, quality: LinkQuality): readonly string[] => {
  const { delay, jitter, loss, rate } = quality;
  const at = ['qdisc', 'replace', 'dev', port, 'root'];
  if (queueKind(quality) === 'tbf' && rate !== undefined) {
    // A hundredth of a second, so that the kernel's clock is fine enough at a high rate.
    const burst = Math.max(leastBurst, Math.ceil(bitsOf(rate) / 8 / 100));
    return [...at, 'tbf', 'rate', rate, 'burst', String(burst), 'limit', String(mostBytes + burst)];
  }
  return [
    ...at,
    'netem',
    ...(rate === undefined ? ['limit', String(mostWaiting)] : ['rate', rate]),
    ...(delay === undefined ? [] : ['delay', delay, ...(jitter === undefined ? [] : [jitter])]),
    ...(loss === undefined ? [] : ['loss', loss]),
  ];
};

/** Bits per second. */
const bitsOf = (rate: string): number => {
  const [, value, unit = ''] = /^([\d.]+)(\w+)$/.exec(rate) ?? [];
  return Number(value) * ({ kbit: 1e3, mbit: 1e6, gbit: 1e9 }[unit] ?? 1);
};
