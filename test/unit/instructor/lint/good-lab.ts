// A small lab without mistakes that uses all that a lab can have: the soil for the mistakes of lint.test.ts.
export const goodLab: Readonly<Record<string, string>> = {
  'lab.yaml': `apiVersion: labs/v1
name: good
title: { en: A good lab, ko: 좋은 실습 }
summary: { en: What one learns., ko: 배우는 것. }
params:
  port: { from: 30100, to: 30199 }
cluster:
  nodes:
    - { name: controlplane, role: control-plane }
    - { name: node01 }
restore: solve/nodes.ts
tasks:
  - id: look
    title: { en: A first look, ko: 첫걸음 }
    solve: solve/look.ts
    hints:
      - { en: Look at the second column., ko: 두 번째 열을 보세요. }
      - en: |
          This lists them:

          \`\`\`node01
          ip -brief address
          \`\`\`
        ko: |
          다음 명령으로 볼 수 있습니다.

          \`\`\`node01
          ip -brief address
          \`\`\`
    checks:
      - id: bridge
        type: answer
        title: { en: You know the bridge, ko: 브리지를 안다 }
        question: { en: Which interface is the bridge?, ko: 브리지는 어느 인터페이스입니까? }
        equals: cni0
      - id: why
        type: answer
        title: { en: You know why, ko: 이유를 안다 }
        question: { en: Why?, ko: 이유는 무엇입니까? }
        choices:
          - { id: one, text: { en: Because of a route., ko: 경로 때문에. } }
          - { id: two, text: { en: Because of a switch., ko: 스위치 때문에. } }
        equals: two
  - id: web
    title: { en: A web server, ko: 웹 서버 }
    solve: solve/web.ts
    checks:
      - id: runs
        type: object
        title: { en: The pod web is running, ko: web 파드가 실행 중이다 }
        object: pod/web
        where: [{ path: .status.phase, equals: Running }]
      - id: answers
        type: http
        title: { en: It answers, ko: 응답한다 }
        needs: runs
        from: client
        url: "http://192.168.56.11:\${param:port}/"
      - id: scripted
        type: script
        title: { en: The state is right, ko: 상태가 올바르다 }
        file: checks/state.ts
      - id: closed
        type: process
        title: { en: The port is free, ko: 포트가 비어 있다 }
        needs: runs
        on: node/node01
        not: true
        listening: 0.0.0.0:9999
  - id: mend
    title: { en: Repair the shop, ko: 가게 고치기 }
    needs: [look, web]
    setup: solve/mend.ts
    solve: solve/mend.ts
    checks:
      - id: works
        type: http
        reveal: symptom
        title: { en: The visitor reaches the shop, ko: 손님이 가게에 접속한다 }
        from: pod/visitor
        url: http://shop/
`,
  'tasks/look.md': 'See [the next page](web.md).\n\n```node01\nip route\n```\n',
  'tasks/look.ko.md': '[다음](web.ko.md)을 보세요.\n\n```node01\nip route\n```\n',
  'tasks/look.debrief.md': 'The bridge joins them.\n',
  'tasks/look.debrief.ko.md': '브리지가 둘을 잇습니다.\n',
  'tasks/web.md': `Make it:

\`\`\`controlplane
kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers:
    - { name: web, image: web, ports: [{ containerPort: 80 }] }
END
\`\`\`

Then count:

\`\`\`host
labs kubectl get pods | wc -l
\`\`\`
`,
  'tasks/web.ko.md': `만드세요.

\`\`\`controlplane
kubectl apply -f - <<END
apiVersion: v1
kind: Pod
metadata: { name: web, labels: { app: web } }
spec:
  containers:
    - { name: web, image: web, ports: [{ containerPort: 80 }] }
END
\`\`\`

세어 보세요.

\`\`\`host
labs kubectl get pods | wc -l
\`\`\`
`,
  'tasks/mend.md': 'A visitor does not reach the shop.\n',
  'tasks/mend.ko.md': '손님이 가게에 접속하지 못합니다.\n',
  'manifests/shop.yaml': `apiVersion: v1
kind: Service
metadata:
  name: shop
spec:
  selector: { app: shop }
  ports:
    - port: 80
---
apiVersion: apps/v1
kind: Deployment
metadata: { name: shop }
spec:
  replicas: 1
  selector: { matchLabels: { app: shop } }
  template:
    metadata: { labels: { app: shop } }
    spec: { containers: [{ name: shop, image: web }] }
`,
  'README.md': '# Good\n\nUses [the shop](manifests/shop.yaml), see [above](#good) and <https://kubernetes.io/>.\n',
  'solve/nodes.ts': `import type { LabHandle, SetupScript } from 'kube-network-labs/lab';

export const restore: SetupScript = async (lab: LabHandle) => {
  await lab.node('node01').systemctl('restart', 'kube-proxy');
};
`,
  'solve/look.ts': `import type { SolveScript } from 'kube-network-labs/lab';

export const solve: SolveScript = async (lab) => {
  await lab.answer('bridge', 'cni0');
  await lab.answer('why', 'two');
};
`,
  'solve/pods.ts': `import type { LabHandle } from 'kube-network-labs/lab';

export const runPod = (lab: LabHandle, name: string): Promise<string> =>
  lab.apply(\`apiVersion: v1
kind: Pod
metadata: { name: \${name} }
spec:
  containers: [{ name: \${name}, image: web }]
\`);
`,
  'solve/web.ts': `import type { SolveScript } from 'kube-network-labs/lab';
import { runPod } from './pods.ts';

export const solve: SolveScript = async (lab) => {
  await runPod(lab, 'web');
};
`,
  'solve/mend.ts': `import type { SetupScript, SolveScript } from 'kube-network-labs/lab';
import { restore } from './nodes.ts';

export const setup: SetupScript = async (lab) => {
  await lab.kubectl('apply', '-f', 'shop.yaml');
  await lab.node('node01').systemctl('stop', 'kube-proxy');
};

export const solve: SolveScript = async (lab) => {
  await restore(lab);
};
`,
  'checks/state.ts': `import type { CheckScript } from 'kube-network-labs/lab';

export const check: CheckScript = async (lab) => {
  const { stdout } = await lab.client.$\`ip route\`;
  if (stdout.includes('default')) return { pass: true, observed: 'a way out' };
  return { pass: false, expected: 'a way out', observed: 'none' };
};
`,
};
