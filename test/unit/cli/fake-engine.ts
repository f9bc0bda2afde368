// A Docker engine with clusters of the lab service-networking, each of one machine.
import { labels } from '../../../src/host/plan/names.ts';
import { FakeDocker } from '../../support/fake-docker.ts';

/** An engine with a lab of one machine for each of these names. */
export const engineWith = async (running: readonly string[], stopped: readonly string[] = []): Promise<FakeDocker> => {
  const docker = new FakeDocker({ images: { node: {} } });
  for (const name of [...running, ...stopped]) {
    const id = await docker.create({
      name: `labs-${name}-fabric`,
      image: 'node',
      network: 'none',
      labels: {
        [labels.name]: name,
        [labels.lab]: 'service-networking',
        [labels.role]: 'fabric',
        [labels.machine]: 'fabric',
        [labels.machines]: '1',
        [labels.link]: '192.168.56.1/24',
      },
    });
    await docker.start(id);
    if (stopped.includes(name)) await docker.stop(id);
  }
  return docker;
};
