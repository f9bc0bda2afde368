import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ExecResult } from '../../../src/host/grade/access.ts';
import { createCalls } from '../../../src/host/grade/calls.ts';
import { waitsToBegin } from '../../../src/host/grade/student.ts';
import { toKorean } from '../../../src/host/korean/translate.ts';
import { checkedFunctions } from '../../../src/host/script/arguments.ts';
import { openProgress } from '../../../src/host/tasks/progress.ts';
import { beginTask, canClear, clearTask, resumeTask, solveTask, type TaskRun } from '../../../src/host/tasks/run.ts';
import { LabError } from '../../../src/kit/error.ts';
import { accessTo, labOf, scripts, service } from '../grade/world.ts';

let folder: string;
let ran: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'run-'));
  ran = [];
});
afterEach(() => rm(folder, { recursive: true }));

const question = { type: 'answer', question: 'Which?', equals: 'x' };

const runOf = async (
  script: string,
  exec?: (argv: readonly string[]) => ExecResult,
  checks: Parameters<typeof labOf>[0] = [question],
): Promise<TaskRun> => {
  const file = join(folder, `script-${Math.random()}.ts`);
  await writeFile(file, script);
  const lab = labOf(checks, { setup: file, solve: file });
  const access = accessTo({ objects: { '/api/v1/services': [service('db', '10.96.1.1', 3306)] } });
  return {
    lab,
    task: lab.tasks[0] as TaskRun['task'],
    access: {
      ...access,
      exec: async (machine, argv, options) => {
        ran.push(
          `${machine}: ${argv.slice(argv[0] === 'bash' ? 4 : 2).join(' ')}${options?.stdin ? ` < ${options.stdin}` : ''}`,
        );
        return exec?.(argv) ?? { exitCode: 0, stdout: 'done', stderr: '' };
      },
    },
    progress: openProgress({ stateFolder: folder, name: 'lab', instance: 'one' }),
    signal: new AbortController().signal,
  };
};

const script = `import type { SetupScript } from '../api/script.ts';
export const setup: SetupScript = async (lab) => { await lab.node('node02').$\`systemctl stop kube-proxy\`; };
export const solve = async (lab) => {
  const service = await lab.object('service/db');
  await lab.apply('kind: Service');
  await lab.answer('check', service.spec.clusterIP + '\\n');
};`;

describe('a setup that changes nothing', () => {
  // A student who is root replaced a program of the node, so the script does nothing.
  const holds = { type: 'object', object: 'service/db', where: [{ path: '.spec.clusterIP', equals: '10.96.1.1' }] };
  const fails = { ...holds, where: [{ path: '.spec.clusterIP', equals: '10.96.9.9' }] };

  test('does not begin the task, because the task would be solved already', { timeout: 60_000 }, async () => {
    const run = await runOf(script, undefined, [question, holds]);
    await expect(beginTask(run)).rejects.toMatchObject({
      code: 'LAB_SETUP_NO_EFFECT',
      exitCode: 3,
      hint: expect.stringContaining('its script `setup` is wrong'),
    });
    expect(waitsToBegin(run.task, await run.progress.read())).toBe(true);
  });

  test('is not waited for if the script called nothing that can change the cluster', async () => {
    const waits: string[] = [];
    const idle = "export const setup = async (lab) => { await lab.object('service/db'); };";
    const run = { ...(await runOf(idle, undefined, [question, holds])), onWait: (what: string) => waits.push(what) };
    await expect(beginTask(run)).rejects.toMatchObject({ code: 'LAB_SETUP_NO_EFFECT' });
    expect(waits).toEqual([]);
  });

  test('tells at once what is waited for', { timeout: 60_000 }, async () => {
    const stop = new AbortController();
    const waits: string[] = [];
    const onWait = (what: string): void => {
      waits.push(what);
      stop.abort();
    };
    const run = { ...(await runOf(script, undefined, [question, holds])), onWait, signal: stop.signal };
    await expect(beginTask(run)).rejects.toMatchObject({ name: 'AbortError' });
    expect(waits).toEqual(['Waiting up to 15 s until a check of the task fails']);
    expect(toKorean(waits[0] ?? '')).toBe('과제의 확인 항목이 실패할 때까지 최대 15초 기다리는 중');
  });

  test('is no matter when a check fails', async () => {
    const run = await runOf(script, undefined, [question, holds, fails]);
    await beginTask(run);
    expect(waitsToBegin(run.task, await run.progress.read())).toBe(false);
  });
});

test('a setup runs once per instance, and again on request', async () => {
  const run = await runOf(script);
  expect(waitsToBegin(run.task, await run.progress.read())).toBe(true);
  await beginTask(run);
  await beginTask(run);
  expect(ran).toEqual(['node02: systemctl stop kube-proxy']);
  expect(waitsToBegin(run.task, await run.progress.read())).toBe(false);
  await beginTask(run, { again: true });
  expect(ran).toHaveLength(2);
});

test('after a restart of the machines, an open fault is broken again, once', async () => {
  const run = await runOf(script);
  expect(await resumeTask(run)).toBe(false);
  await beginTask(run);
  expect(await resumeTask(run)).toBe(false);
  const restarted = { ...run.access, machines: run.access.machines.map((machine) => ({ ...machine, pid: 9 })) };
  const after = { ...run, access: restarted };
  expect(await resumeTask(after)).toBe(true);
  expect(await resumeTask(after)).toBe(false);
  expect(ran).toHaveLength(2);
});

test('after a restart, a task that has passed stays repaired', async () => {
  const run = await runOf(script);
  await beginTask(run);
  await run.progress.record({ gradedAt: '', tasks: [{ id: 'task', score: 1, maxScore: 1, checks: [] }] } as never);
  const restarted = { ...run.access, machines: [] };
  expect(await resumeTask({ ...run, access: restarted })).toBe(false);
});

test('a setup script can say what a restart has to break again', async () => {
  const run = await runOf(`${script}\nexport const resume = async (lab) => { await lab.node('node01').$\`again\`; };`);
  await beginTask(run);
  expect(await resumeTask({ ...run, access: { ...run.access, machines: [] } })).toBe(true);
  expect(ran.at(-1)).toBe('node01: again');
});

test('a setup script can say that a restart repaired nothing', async () => {
  const run = await runOf(`${script}\nexport const resume = async () => false;`);
  await beginTask(run);
  const after = { ...run, access: { ...run.access, machines: [] } };
  expect(await resumeTask(after)).toBe(false);
  expect(ran).toEqual(['node02: systemctl stop kube-proxy']);
  expect((await run.progress.read()).begunIn).toEqual({ task: '' });
});

test('clearing runs the script that removes what the task makes, and reports its failure', async () => {
  expect(await canClear((await runOf(script)).task, scripts)).toBe(false);
  const clearing = `${script}\nexport const clear = async (lab) => { await lab.node('node01').$\`away\`; };`;
  const run = await runOf(clearing);
  expect(await canClear(run.task, scripts)).toBe(true);
  await clearTask(run);
  expect(ran).toEqual(['node01: away']);
  const failing = await runOf(clearing, () => ({ exitCode: 1, stdout: '', stderr: 'no such thing' }));
  await expect(clearTask(failing)).rejects.toMatchObject({
    code: 'LAB_CLEAR_FAILED',
    message: expect.stringContaining('no such thing'),
  });
});

test('after a failed setup, the task is not begun and the error shows the command’s output', async () => {
  const run = await runOf(script, () => ({ exitCode: 5, stdout: '', stderr: 'Unit kube-proxy.service not loaded.' }));
  await expect(beginTask(run)).rejects.toMatchObject({
    code: 'LAB_SETUP_FAILED',
    exitCode: 3,
    message: expect.stringContaining('Unit kube-proxy.service not loaded.'),
  });
  expect(waitsToBegin(run.task, await run.progress.read())).toBe(true);
});

describe('a wrong call in a script', () => {
  const failureOf = async (call: string): Promise<LabError> => {
    const run = await runOf(`export const setup = async (lab) => {\n  await ${call};\n};`);
    return beginTask(run).then(
      () => Promise.reject(new Error(`${call} gave no error`)),
      (error) => error,
    );
  };

  test.each([
    [
      `lab.apply({ kind: 'Pod' })`,
      '`manifest` must be a text of YAML, not an object; write YAML, or use JSON.stringify',
    ],
    [`lab.apply()`, '`manifest` is missing'],
    [`lab.kubectl(['get', 'pods'])`, 'each word is an argument of its own'],
    [`lab.kubectl('get pods')`, 'each word is an argument of its own'],
    [`lab.kubectl()`, '`word` is missing'],
    [`lab.kubectl('scale', 'deployment', 'web', 3)`, '`word` must be a text, not a number'],
    [
      `lab.node('stop').systemctl('stop', 'kubelet')`,
      'there is no node "stop"; the lab has controlplane, node01, node02',
    ],
    [`lab.node().systemctl('stop', 'kubelet')`, '`name` is missing'],
    [`lab.node('node01').systemctl('halt', 'kubelet')`, 'there is no verb "halt"; write one of start, stop, restart'],
    [`lab.node('node01').systemctl('stop')`, '`unit` is missing'],
    [`lab.node('node01').$('ip route')`, 'write the command between backticks, without parentheses'],
    [`lab.node('node01').$({ stdin: '' })`, 'there is no option "stdin"; write `{ input, nothrow }`'],
    [
      `lab.node('node01').$\`kill ${'$'}{undefined}\``,
      'a value in a command must be a text, a number or a list of them',
    ],
    [
      `lab.machine('node03').$\`true\``,
      'there is no machine "node03"; the lab has controlplane, node01, node02, client',
    ],
    [`lab.node('node01').restoreRules(['*nat'])`, '`input` must be a text, not a list'],
    [`lab.node('node01').restoreRules('', { flsh: true })`, 'there is no option "flsh"; write `{ flush }`'],
    [`lab.object('db')`, '"db" is not an object; write pod/NAME or pod/NAMESPACE/NAME'],
    [`lab.pod('pod/db').facts('links')`, '"pod/db" is not a pod; write NAME, NAMESPACE/NAME or NAMESPACE/LABEL=VALUE'],
    [`lab.node('node01').facts('link')`, 'there is no fact "link"; write one of iptables'],
    [`lab.client.http('http://db', '2s')`, '`timeoutMs` must be a number of milliseconds, not a text'],
    [`lab.client.tcp('db')`, '"db" is not host:port'],
    [`lab.pod('db').lookup('db', 'x')`, 'too many arguments'],
    [`lab.node('node01').read('etc/hosts')`, '`path` must begin with /'],
    [`lab.until(async () => true)`, '`condition` must be a text or `{ en, ko }`, not a function'],
    [`lab.until('it is there', true)`, '`look` must be a function, not true or false'],
  ])('%s says what would be right, and that the script must be corrected', async (call, problem) => {
    const { message, hint } = await failureOf(call);
    expect(message).toMatch(/script-0\.\d+\.ts:2:\d+ failed: wrong call of `lab\./);
    expect(message).toContain(problem);
    expect(hint).toMatch(/^The script of the lab must be corrected\./);
    expect(ran).toEqual([]);
    expect(toKorean(`${message}\n${hint}`).replaceAll(/`[^`]*`|"[^"]*"|write lab[^:]*/g, '')).not.toMatch(
      /must|missing|wrong|there is|corrected|too many/,
    );
  });

  test('of a function that does not exist says the same', async () => {
    const { message, hint } = await failureOf('lab.foo()');
    expect(message).toContain('lab.foo is not a function');
    expect(hint).toMatch(/^The script of the lab must be corrected\./);
  });

  test('of `answer` in a solution is found, too', async () => {
    const run = await runOf(
      'export const setup = async () => {}; export const solve = (lab) => lab.answer("check", true);',
    );
    await expect(solveTask(run)).rejects.toMatchObject({
      message: expect.stringContaining('`value` must be a text, not true or false'),
      hint: expect.stringMatching(/^The script of the lab must be corrected/),
    });
  });

  test('covers every function that labs carries out', async () => {
    const { access, lab } = await runOf('');
    const calls = createCalls({ lab, access, signal: new AbortController().signal });
    const functions = Object.entries(calls).flatMap(([name, value]) => (typeof value === 'function' ? [name] : []));
    expect(checkedFunctions).toEqual(expect.arrayContaining([...functions, 'answer']));
  });
});

test('a command that fails may be the fault of the cluster or of the script', async () => {
  const error = await beginTask(await runOf(script, () => ({ exitCode: 5, stdout: '', stderr: 'no' }))).catch((e) => e);
  expect(error.hint).toMatch(/^Look at the cluster with `labs status`.* the script of the lab must be corrected\.$/);
});

describe('in Korean, the error of a script', () => {
  const failureOf = async (body: string, exec?: Parameters<typeof runOf>[1]): Promise<string> => {
    const run = await runOf(`export const setup = async (lab) => { ${body} };`, exec);
    const error = await beginTask({ ...run, language: 'ko' }).catch((caught) => caught);
    return toKorean(error.message);
  };

  test('is Korean around what a program said, and shows the first line of the script', async () => {
    const script = '\nrule=$(iptables-save. Now)\necho "$rule"\n';
    const exec = () => ({ exitCode: 4, stdout: '', stderr: 'iptables: No chain by that name.' });
    const message = await failureOf(`await lab.node('node01').$\`${script}\`;`, exec);
    expect(message).toMatch(
      /^과제를 준비하지 못했습니다 \("task"\): 실습의 스크립트가 실패했습니다 \(.*:1:\d+\): node01에서 실행한 `rule=.* …`의 종료 코드가 4: /,
    );
    expect(message).toMatch(/: iptables: No chain by that name\.$/);
  });

  test('names what a script waited for in the words of its author', async () => {
    const condition = `{ en: 'the rules are there', ko: '규칙이 있음' }`;
    const message = await failureOf(`await lab.until(${condition}, async () => false, 1);`);
    expect(message).toMatch(/다음 조건이 충족되지 않았습니다: 규칙이 있음\. 마지막 상태: 아직 아님$/);
  });

  test('says in Korean that a pod is missing', async () => {
    expect(await failureOf(`await lab.pod('nope').http('http://10.96.0.1/');`)).toMatch(/\): nope 파드 없음$/);
  });

  test('may be the author’s own', async () => {
    const body = `throw new Error({ en: 'the disk is full', ko: '디스크가 가득 참' }[lab.language]);`;
    expect(await failureOf(body)).toMatch(/\): 디스크가 가득 참$/);
  });
});

test('solving begins the task, runs its solution and records its answers', async () => {
  const run = await runOf(script);
  await solveTask(run);
  expect(ran).toEqual(['node02: systemctl stop kube-proxy', 'fabric: apply -f - < kind: Service']);
  expect(await run.progress.read()).toMatchObject({
    begun: ['task'],
    answers: { 'task/check': '10.96.1.1' },
    solved: ['task'],
  });
});

test('a solution cannot answer a question that the task does not ask', async () => {
  const run = await runOf(
    `export const setup = async () => {}; export const solve = (lab) => lab.answer('other', 'x');`,
  );
  await expect(solveTask(run)).rejects.toMatchObject({ message: expect.stringContaining('no question "other"') });
});

test('a solution whose answer cannot be kept does not count as failed', async () => {
  const run = await runOf(script);
  const full = new LabError('LAB_FOLDER_UNWRITABLE', 'The disk is full');
  const progress = { ...run.progress, answer: () => Promise.reject(full) };
  await expect(solveTask({ ...run, progress })).rejects.toBe(full);
});

test('the error names a script that lacks the function or cannot be read', async () => {
  await expect(beginTask(await runOf('export const other = 1;'))).rejects.toMatchObject({
    code: 'LAB_SCRIPT_BROKEN',
    message: expect.stringContaining('exports no function "setup"'),
  });
  await expect(beginTask(await runOf('export const ='))).rejects.toMatchObject({ code: 'LAB_SCRIPT_BROKEN' });
});

test('a TypeScript file below node_modules is loaded with its imports', async () => {
  const home = join(folder, 'node_modules/labs/solve');
  await mkdir(home, { recursive: true });
  await writeFile(join(home, 'pods.ts'), `export const node: string = 'node02';`);
  await writeFile(
    join(home, 'x.ts'),
    `import { node } from './pods.ts';
     export const setup = async (lab: any) => { await lab.node(node).$\`true\`; };`,
  );
  const run = await runOf('');
  await beginTask({ ...run, task: { ...run.task, setup: join(home, 'x.ts') } });
  expect(ran).toEqual(['node02: true']);
});
