// Whether the services that the lab made are still there: without them, kube-proxy would have nothing to do.
import type { CheckScript, Service } from 'kube-network-labs/lab';

const ports: Readonly<Record<string, number>> = {
  solo: 80,
  fruit: 80,
  gate: 80,
  loyal: 80,
  empty: 80,
  clock: 5005,
};

export const check: CheckScript = async (lab) => {
  const names = Object.keys(ports);
  const present = await Promise.all(names.map((name) => lab.object<Service>(`service/${name}`)));
  const wrong = names.filter((name, index) => {
    const { clusterIP, ports: own } = present[index]?.spec ?? {};
    return clusterIP !== `10.96.50.${index + 1}` || own?.[0]?.port !== ports[name];
  });
  if (wrong.length === 0) return { pass: true, observed: names.join(', ') };
  const listed = wrong.join(', ');
  return {
    pass: false,
    expected: { en: `the services ${names.join(', ')}`, ko: `서비스 ${names.join(', ')}` },
    observed: { en: `missing or changed: ${listed}`, ko: `없거나 바뀐 서비스: ${listed}` },
  };
};
