// A marker service: in every mode, it answers on a numbered port when the change with this number is in the kernel.
import { addresses, type ByFamily } from './places.ts';
import { type Change, put } from './world.ts';

const name = 'marker';
const portName = (mark: number): string => `m${mark}`;

export const marker = {
  address: { IPv4: '10.96.255.1', IPv6: 'fd00:96::ffff:1' },
  port: (mark: number): number => 20_000 + mark,
} as const;

/**
 * Send these changes last. Services and slices arrive over two watches, each in order. The port names of the marker's
 * service and slice are equal only when both watches have delivered them, so all changes before them have arrived.
 * @param pod an address with a listener on port 8080
 */
export const markerChanges = (mark: number, pod: ByFamily = addresses.p1): Change[] => [
  put.service({
    metadata: { name, namespace: 'test' },
    spec: {
      clusterIP: marker.address.IPv4,
      clusterIPs: [marker.address.IPv4, marker.address.IPv6],
      ports: [{ name: portName(mark), port: marker.port(mark), targetPort: 8080 }],
    },
  }),
  ...(['IPv4', 'IPv6'] as const).map((family) =>
    put.slice({
      metadata: { name: `${name}-${family}`, namespace: 'test', labels: { 'kubernetes.io/service-name': name } },
      addressType: family,
      ports: [{ name: portName(mark), protocol: 'TCP', port: 8080 }],
      endpoints: [{ addresses: [pod[family]], conditions: { ready: true }, nodeName: 'n1' }],
    }),
  ),
];
