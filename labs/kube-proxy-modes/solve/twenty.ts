import type { Service, SetupScript, SolveScript } from 'kube-network-labs/lab';

const names = Array.from({ length: 20 }, (_, index) => `many-${index + 1}`);

export const solve: SolveScript = async (lab) => {
  const all = await Promise.all(names.map((name) => lab.object<Service>(`service/${name}`)));
  const fits = (service: Service | undefined): boolean =>
    service?.spec.ports?.[0]?.port === 80 && service.spec.selector?.app === 'web';
  const wrong = names.filter((_, index) => all[index] && !fits(all[index]));
  if (wrong.length > 0) await lab.kubectl('delete', 'service', ...wrong, '--ignore-not-found');
  const missing = names.filter((_, index) => !fits(all[index]));
  if (missing.length > 0) await lab.apply(missing.map(manifestOf).join('---\n'));
  await lab.answer('grew', '160');
  await lab.answer('compared', 'all');
};

export const clear: SetupScript = async (lab) => {
  await lab.kubectl('delete', 'service', ...names, '--ignore-not-found');
};

const manifestOf = (name: string): string => `apiVersion: v1
kind: Service
metadata: { name: ${name} }
spec: { selector: { app: web }, ports: [{ port: 80 }] }
`;
