// An http check follows west's own connection, which ends at kube-proxy here. So the page tells whose pod has answered,
// and which machine has opened the connection to the pod. The handle's http would follow the connection, too.
import type { CheckScript } from 'kube-network-labs/lab';

export const check: CheckScript = async (lab) => {
  const [{ links = [] }, { stdout, stderr }] = await Promise.all([
    lab.node('node02').facts('links'),
    lab.pod('west').$`curl -sS -m 2 http://10.96.60.1/`.nothrow(),
  ]);
  const page = stdout || stderr;
  const client = /^client: (.*)$/m.exec(page)?.[1];
  const isOfNode = links.some(({ addresses }) => addresses.some(({ address }) => address === client));
  const observed = page.trim().split('\n').join(', ');
  if (isOfNode && /^pod: web-[abc]$/m.test(page)) return { pass: true, observed };
  return {
    pass: false,
    expected: { en: 'a page of web that names an address of node02', ko: 'node02의 주소가 있는 web의 페이지' },
    observed,
  };
};
