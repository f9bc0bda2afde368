// Before the tests of the virtual machine: they empty tables, IPVS and sets of the machine that they run on.
export const setup = (): void => {
  if (process.env.TEST_VM !== '1')
    throw new Error(
      'project vm empties the firewall of its machine: run `node scripts/node.mjs vm-test.ts`, which brings one',
    );
};
