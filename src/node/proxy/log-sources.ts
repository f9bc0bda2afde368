// The file and line in the header of each log line: those of the original's source (v1.36.2), so that a line can be
// looked up there.
import type { LogFields } from '../../kit/logger.ts';

const sources: Readonly<Record<string, string>> = {
  'kube-proxy running in dual-stack mode': 'server.go:274',
  'Successfully retrieved NodeIPs': 'server.go:228',
  'Using iptables Proxier': 'server_linux.go:137',
  'Version info': 'server.go:539',
  'Starting healthz HTTP server': 'proxy_health.go:212',
  'Setting route_localnet=1 to allow node-ports on localhost; to change this either disable iptables.localhostNodePorts (--iptables-localhost-nodeports) or set nodePortAddresses (--nodeport-addresses) to filter loopback addresses':
    'proxier.go:241',
  'Using iptables mark for masquerade': 'proxier.go:264',
  'Iptables sync params': 'proxier.go:308',
  'Iptables supports --random-fully': 'proxier.go:318',
  'Updated proxier node topology labels': 'proxier.go:534',
  'Syncing iptables rules': 'proxier.go:668',
  'SyncProxyRules complete': 'proxier.go:662',
  'Reloading service iptables data': 'proxier.go:1389',
  'Service updated ports': 'servicechangetracker.go:103',
  'Adding new service port': 'servicechangetracker.go:202',
  'Updating existing service port': 'servicechangetracker.go:204',
  'Removing service port': 'servicechangetracker.go:226',
  'Setting endpoints for service port name': 'endpointslicecache.go:305',
  'Opening healthcheck': 'service_health.go:146',
  'Closing healthcheck': 'service_health.go:127',
  'Starting service config controller': 'config.go:200',
  'Starting endpoint slice config controller': 'config.go:106',
  'Starting node config controller': 'config.go:309',
  'Kube-proxy configuration may be incomplete or incorrect': 'server.go:265',
  'Not syncing iptables until Services and Endpoints have been received from master': 'proxier.go:644',
  'Caches populated': 'reflector.go:507',
  'Failed to apply OOMScore': 'server.go:550',
  'Skipping service due to cluster IP': 'utils.go:59',
  'Reporting endpoints for healthcheck': 'service_health.go:282',
  'Started to reconcile conntrack entries': 'cleanup.go:49',
  'Finished reconciling conntrack entries': 'cleanup.go:153',
  'Calling handler.OnNodeChange': 'config.go:328',
  'Calling handler.OnNodeSynced()': 'config.go:316',
  'Calling handler.OnServiceSynced()': 'config.go:207',
  'Calling handler.OnEndpointSlicesSynced()': 'config.go:113',
  'Calling handler.OnServiceAdd': 'config.go:219',
  'Calling handler.OnServiceUpdate': 'config.go:230',
  'Calling handler.OnServiceDelete': 'config.go:246',
  'Calling handler.OnEndpointSliceAdd': 'config.go:125',
  'Calling handler.OnEndpointsUpdate': 'config.go:136',
  'Calling handler.OnEndpointsDelete': 'config.go:152',
};

/** Messages that the original logs in several places. The fields tell which one it is. */
const sourcesByFields: Readonly<Record<string, (fields: LogFields) => string>> = {
  'Waiting for caches to sync': ({ controller }) => `shared_informer.go:${controller === undefined ? 402 : 381}`,
  'Caches are synced': ({ controller }) => `shared_informer.go:${controller === undefined ? 409 : 388}`,
  Running: ({ command }) => `iptables.go:${String(command).endsWith('-restore') ? 444 : 379}`,
};

/** For `createKlog`. A line that the original doesn't have gets the name of this program. */
export const logSource = (message: string, fields: LogFields = {}): string => {
  const known = sources[message] ?? sourcesByFields[message]?.(fields);
  if (known !== undefined) return known;
  return message.startsWith('FLAG: ') ? 'flags.go:64' : 'kube-proxy.ts:1';
};
