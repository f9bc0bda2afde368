// Every proxy mode in a real lab: chosen in the config file, as a student does it, and tested from every machine.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { inMachine } from '../../src/host/plan/boot.ts';
import { done, eventually, notYet } from '../../src/kit/eventually.ts';
import { docker, kubectl } from './cluster-support.ts';

const config = '/etc/kubernetes/kube-proxy-config.yaml';
const nodes = ['controlplane', 'node01'];
const pods = ['pod/modes', 'pod/blue'];

/** Registers the tests. @param name of a running cluster with the specification of cluster-support.ts */
export const testProxyModes = (name: string): void => {
  const run = async (machine: string, script: string): Promise<string> => {
    const { stdout } = await docker.exec(`labs-${name}-${machine}`, { command: inMachine(['sh', '-c', script]) });
    return stdout.trim();
  };
  const processOf = (machine: string): Promise<string> =>
    run(machine, 'systemctl show --property=MainPID --value kube-proxy');

  /** Writes the mode into the config file. kube-proxy notices the change and ends; systemd starts it again. */
  const switchTo = async (machine: string, mode: string, runs: string): Promise<void> => {
    const before = await processOf(machine);
    await run(machine, `sed -i '/^mode:/d' ${config} && echo 'mode: ${mode}' >> ${config}`);
    await eventually(
      `kube-proxy on ${machine} runs in mode ${runs} and is healthy`,
      async () => {
        const seen = await run(
          machine,
          'curl -s --max-time 1 localhost:10249/proxyMode; ' +
            'curl -s --max-time 1 -o /dev/null -w " %{http_code}" localhost:10256/healthz',
        );
        const isNew = (await processOf(machine)) !== before;
        return isNew && seen === `${runs} 200` ? done(undefined) : notYet(`${seen}${isNew ? '' : ', the old process'}`);
      },
      { timeoutMs: 20_000 },
    );
  };

  const expectAnswers = async (): Promise<void> => {
    const clusterIp = await kubectl(name, 'get', 'service', 'modes', '--output=jsonpath={.spec.clusterIP}');
    const nodePort = await kubectl(name, 'get', 'service', 'modes', '--output=jsonpath={.spec.ports[0].nodePort}');
    const urls = [`http://192.168.56.10:${nodePort}/`, `http://192.168.56.11:${nodePort}/`];
    for (const url of urls) expect(await run('client', `curl -s --max-time 3 ${url}`), url).toContain('pod: modes');
    for (const node of nodes)
      expect(await run(node, `curl -s --max-time 3 http://${clusterIp}/`)).toContain('pod: modes');
    expect(await kubectl(name, 'exec', 'blue', '--', 'curl', '-s', '--max-time', '3', 'http://modes/')).toContain(
      'pod: modes',
    );
  };

  /** The modes whose rules are in a node's kernel. */
  const traces = async (machine: string): Promise<readonly string[]> => {
    const chains = await run(machine, 'iptables-save; ip6tables-save');
    const found = {
      iptables: /KUBE-SVC-/.test(chains),
      userspace: /KUBE-PORTALS-/.test(chains),
      nftables: (await run(machine, 'nft list tables')).includes('kube-proxy'),
      ipvs: (await run(machine, 'ip -brief link')).includes('kube-ipvs0'),
    };
    return Object.entries(found).flatMap(([mode, there]) => (there ? [mode] : []));
  };

  /** The mode that runs when ipvs is chosen. If the engine's kernel lacks ip_vs, kube-proxy uses the fallback. */
  const ipvsOr = async (fallback: string): Promise<string> =>
    (await run('node01', 'ipvsadm -Ln >/dev/null 2>&1 && echo yes')) === 'yes' ? 'ipvs' : fallback;

  describe('whose kube-proxies are switched from mode to mode by their config file', () => {
    beforeAll(async () => {
      await kubectl(name, 'run', 'modes', '--image=web');
      await kubectl(name, 'run', 'blue', '--image=toolbox');
      await kubectl(name, 'expose', 'pod', 'modes', '--port=80', '--type=NodePort');
      await kubectl(name, 'wait', '--for=condition=Ready', ...pods, '--timeout=20s');
    });
    afterAll(() => kubectl(name, 'delete', '--now', 'service/modes', ...pods));

    test.each(['nftables', 'userspace', 'iptables', 'ipvs', 'iptables'])(
      'answers everywhere in mode %s, and no rule of the previous mode is left',
      async (mode) => {
        const runs = mode === 'ipvs' ? await ipvsOr('iptables') : mode;
        await Promise.all(nodes.map((node) => switchTo(node, mode, runs)));
        await expectAnswers();
        for (const node of nodes) expect(await traces(node), node).toEqual([runs]);
        // Only this process's lines: klog appends to the file.
        const log = await run('node01', `grep ' ${await processOf('node01')} ' /var/log/kube-proxy.log`);
        expect(log).toContain(`Using ${runs} Proxier`);
        if (mode !== runs) expect(log).toMatch(/^E.*falling back to iptables/m);
      },
    );
  });
};
