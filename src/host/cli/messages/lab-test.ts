// Sentences of `labs test`. What it finds in a lab is in src/host/instructor/test/words.ts.
import { both } from './words.ts';

export const labTestMessages = {
  testNumber: both(
    (flag: string, text: string, most: number) => `"${text}" is no number from 1 to ${most} for ${flag}`,
    (flag, text, most) => `${flag}에 쓸 수 있는 1부터 ${most}까지의 숫자가 아닙니다: "${text}"`,
  ),
  testReportFile: both(
    'A report of a test goes into a file: --report junit=FILE',
    '테스트의 보고서는 파일에 저장합니다: --report junit=파일',
  ),
  testNoParams: both(
    'The lab has no parameters, so all seeds are the same: it is tested once',
    '매개변수가 없는 실습은 시드마다 같으므로 한 번만 테스트합니다',
  ),
  testBusy: both(
    (folder: string) => `Another labs is testing ${folder} at the moment`,
    (folder) => `다른 labs가 테스트하고 있는 실습입니다: ${folder}`,
  ),
  testNameTaken: both(
    (name: string) => `There is a lab ${name} already, and the test would delete it`,
    (name) => `이미 있는 실습입니다: ${name}. 테스트하면 이 실습이 삭제됩니다`,
  ),
  testPassed: both(
    (lab: string, seconds: string) => `${lab} can be solved, and nothing was found (${seconds} s).`,
    (lab, seconds) => `풀 수 있고 문제가 없는 실습입니다: ${lab} (${seconds}초)`,
  ),
  testFailed: both(
    (lab: string, findings: number, seconds: string) =>
      `${lab}: ${findings === 1 ? '1 finding' : `${findings} findings`} (${seconds} s).`,
    (lab, findings, seconds) => `${lab}: 문제 ${findings}개 (${seconds}초)`,
  ),
  testEndedEarly: both(
    (lab: string, findings: number) =>
      `${lab}: the test did not reach its end. Until then: ${findings === 1 ? '1 finding' : `${findings} findings`}.`,
    (lab, findings) => `${lab}: 테스트가 끝까지 진행되지 않았습니다. 그때까지 찾은 문제: ${findings}개`,
  ),
  testStrength: both(
    (killed: number, all: number) => `Check strength: ${killed} of ${all} wrong solutions lose points.`,
    (killed, all) => `검사의 강도: 틀린 풀이 ${all}개 가운데 ${killed}개가 감점됩니다.`,
  ),
  testSample: both(
    (value: string) => `"${value}" is no sample: write --sample 2, or --sample 2:SEED to draw the same one again`,
    (value) =>
      `--sample에 쓸 수 없는 값입니다: "${value}". --sample 2처럼 쓰고, 다시 뽑으려면 --sample 2:시드처럼 쓰세요`,
  ),
  testSampled: both(
    (size: number, option: string) =>
      `All solutions were tried. Of the resets, the wrong solutions, the questions and the commands, only ${size} each ` +
      `were. \`${option}\` draws the same ones.`,
    (size, option) =>
      `풀이는 모두 실행했습니다. 되돌리기, 틀린 풀이, 질문, 본문의 명령은 ${size}개씩만 테스트했습니다. ` +
      `\`${option}\` 옵션으로 같은 표본을 다시 뽑습니다.`,
  ),
  testLeftProcess: both(
    (machine: string, pid: number, program: string) =>
      `the process ${pid} (${program}) in the network namespace of ${machine}`,
    (machine, pid, program) => `${machine}의 네트워크 네임스페이스에 있는 프로세스 ${pid} (${program})`,
  ),
  testKept: both(
    (name: string) =>
      `The cluster still runs. Look at it with \`labs --name ${name} status\`, \`labs --name ${name} check\` or ` +
      `\`labs --name ${name} shell\`, then run \`labs delete ${name}\`.`,
    (name) =>
      `클러스터가 아직 실행 중입니다. 살펴보는 명령: \`labs --name ${name} status\`, \`labs --name ${name} check\`, ` +
      `\`labs --name ${name} shell\`. 삭제하는 명령: \`labs delete ${name}\``,
  ),
};
