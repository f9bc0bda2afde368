// Runs in the fabric container (`node - MODE ARGS`): measures a lab from inside. Prints one JSON value.
const { execFile } = require('node:child_process');
const { readdirSync, readFileSync, readlinkSync } = require('node:fs');
const https = require('node:https');
const { promisify } = require('node:util');

const [mode, argument] = process.argv.slice(2);
const run = promisify(execFile);
const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const kubeconfig = readFileSync('/etc/kubernetes/admin.conf', 'utf8');
const field = (name) => Buffer.from(new RegExp(`${name}: (\\S+)`).exec(kubeconfig)[1], 'base64');
const server = new URL(/server: (\S+)/.exec(kubeconfig)[1]);
const identity = {
  ca: field('certificate-authority-data'),
  cert: field('client-certificate-data'),
  key: field('client-key-data'),
};
const agent = new https.Agent({ keepAlive: true, ...identity });

const request = (method, path, body) =>
  new Promise((resolve, reject) => {
    const options = { method, agent, headers: { 'content-type': 'application/json', accept: 'application/json' } };
    const call = https.request(new URL(path, server), options, (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => {
        if (response.statusCode < 300) resolve(text === '' ? undefined : JSON.parse(text));
        else reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
      });
    });
    call.on('error', reject);
    call.end(body === undefined ? undefined : JSON.stringify(body));
  });

/** Events of a watch on one object's field, as they arrive. Resolves when `done` says so. */
const watchUntil = (path, done) =>
  new Promise((resolve, reject) => {
    const call = https.request(new URL(path, server), { agent: false, ...identity }, (response) => {
      let rest = '';
      response.on('end', () => reject(new Error(`the watch ended (${response.statusCode}): ${rest}`)));
      response.on('data', (chunk) => {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop();
        for (const line of lines) {
          if (line === '' || !done(JSON.parse(line))) continue;
          call.destroy();
          resolve();
        }
      });
    });
    call.on('error', (error) => (error.code === 'ECONNRESET' ? undefined : reject(error)));
    call.end();
  });

const pod = (name, labels = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: 'main', image: 'busybox', command: ['sleep', '3600'] }],
  },
});

const isReady = (object) =>
  object?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True');
const pods = '/api/v1/namespaces/default/pods';

const createReadyPod = async (body) => {
  const { name } = body.metadata;
  const ready = watchUntil(`${pods}?watch=true&fieldSelector=metadata.name%3D${name}`, ({ object }) => isReady(object));
  // The watch is there before the pod is.
  await sleep(100);
  const startedAt = performance.now();
  await request('POST', pods, body);
  await ready;
  return performance.now() - startedAt;
};

const removePod = async (name) => {
  await request('DELETE', `${pods}/${name}`);
  while (
    await request('GET', `${pods}/${name}`).then(
      () => true,
      () => false,
    )
  )
    await sleep(20);
};

const measurePods = async (count) => {
  const times = [];
  for (let index = 0; index < count; index += 1) {
    times.push(await createReadyPod(pod(`bench-${index}`)));
    await removePod(`bench-${index}`);
  }
  return times;
};

/** Time from the request until each node has the rule to the pod. The error is at most `lookMs`, the time of a look. */
const measureServices = async (count, nodes) => {
  await createReadyPod(pod('bench-backend', { app: 'bench' }));
  const times = [];
  const looks = [];
  const ruleOn = async (pid, name) => {
    for (;;) {
      const startedAt = performance.now();
      const { stdout } = await run('nsenter', [`--net=/proc/${pid}/ns/net`, 'iptables-save', '-t', 'nat'], {
        maxBuffer: 1e8,
      });
      looks.push(performance.now() - startedAt);
      if (stdout.split('\n').some((line) => line.includes(`default/${name}`) && line.includes('--to-destination')))
        return performance.now();
    }
  };
  for (let index = 0; index < count; index += 1) {
    const name = `bench-${index}`;
    const body = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: { app: 'bench' }, ports: [{ port: 80 }] },
    };
    const startedAt = performance.now();
    const seen = nodes.map((pid) => ruleOn(pid, name));
    await request('POST', '/api/v1/namespaces/default/services', body);
    times.push(Math.max(...(await Promise.all(seen))) - startedAt);
    await request('DELETE', `/api/v1/namespaces/default/services/${name}`);
    await sleep(300);
  }
  await removePod('bench-backend');
  return { times, lookMs: looks.reduce((sum, look) => sum + look, 0) / looks.length };
};

/** PSS in KiB by machine and program. PSS shares common pages out, so that the sum is the memory in use. */
const measureMemory = (machines) => {
  const namespaces = new Map(machines.map(({ name, pid }) => [readlinkSync(`/proc/${pid}/ns/pid`), name]));
  const found = [];
  for (const entry of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const machine = namespaces.get(readlinkSync(`/proc/${entry}/ns/pid`));
      const pss = Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
      const command = readFileSync(`/proc/${entry}/cmdline`, 'utf8').split(/[\0 ]/)[0].split('/').pop();
      if (machine && pss > 0) found.push({ machine, program: command || 'kernel', pss });
    } catch {
      // The process has ended.
    }
  }
  return found;
};

/** The agent that watches share: what it and its tools have used, in milliseconds, and its memory. */
const measureAgent = () => {
  const own = readlinkSync('/proc/self/ns/mnt');
  const read = (pid, name) => readFileSync(`/proc/${pid}/${name}`, 'utf8');
  const fields = (pid) =>
    read(pid, 'stat')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number);
  const isOurs = (pid) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`) === own;
    } catch {
      return false;
    }
  };
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name));
  const agent = all.find((pid) => /^\S*node\0.*fabric\.js\0shared/s.test(read(pid, 'cmdline')));
  // Of the agent also the tools that have ended; the process that listens to the kernel has not.
  const ticks = ([user, system, ended, endedSystem]) => user + system + ended + endedSystem;
  const used = [agent, ...all.filter((pid) => fields(pid)[1] === Number(agent))];
  const cpu = used.reduce((sum, pid) => sum + ticks(fields(pid).slice(11, 15)), 0);
  return { cpuMs: cpu * 10, memoryMiB: Number(/^VmRSS:\s+(\d+)/m.exec(read(agent, 'status'))[1]) / 1024 };
};

const createPods = async (count) => {
  await Promise.all(Array.from({ length: count }, (_, index) => createReadyPod(pod(`bench-many-${index}`))));
};
const removePods = async (count) => {
  await Promise.all(Array.from({ length: count }, (_, index) => removePod(`bench-many-${index}`)));
};

const modes = {
  pods: () => measurePods(Number(argument)),
  services: () => {
    const { count, nodes } = JSON.parse(argument);
    return measureServices(count, nodes);
  },
  memory: () => measureMemory(JSON.parse(argument)),
  agent: measureAgent,
  'create-pods': () => createPods(Number(argument)),
  'remove-pods': () => removePods(Number(argument)),
};

Promise.resolve(modes[mode]()).then(
  (result) => process.stdout.write(JSON.stringify(result ?? null), () => process.exit(0)),
  (error) => process.stderr.write(String(error?.stack ?? error), () => process.exit(1)),
);
