// Whether the services that the lab made are still there: without them, a proxy would have nothing to do.
import type { CheckScript, Service } from 'kube-network-labs/lab';

const addresses = {
  solo: '10.96.60.1',
  fruit: '10.96.60.2',
  picky: '10.96.60.3',
  empty: '10.96.60.4',
  gate: '10.96.60.5',
  busy: '10.96.60.7',
};

export const check: CheckScript = async (lab) => {
  const wrong: string[] = [];
  for (const [name, address] of Object.entries(addresses)) {
    const { spec } = (await lab.object<Service>(`service/${name}`)) ?? {};
    const [port] = spec?.ports ?? [];
    const isSame = spec?.clusterIP === address && port?.port === 80;
    if (!isSame || (name === 'gate' && port.nodePort !== 30060)) wrong.push(name);
  }
  const names = Object.keys(addresses).join(', ');
  if (wrong.length === 0) return { pass: true, observed: names };
  const listed = wrong.join(', ');
  return {
    pass: false,
    expected: { en: `the services ${names}`, ko: `서비스 ${names}` },
    observed: { en: `missing or changed: ${listed}`, ko: `없거나 바뀐 서비스: ${listed}` },
  };
};
