// Refuses to run outside the virtual machine, because these tests delete all rules, virtual servers and sets.
export const setup = (): void => {
  if (process.env.TEST_VM !== '1')
    throw new Error(
      'The tests in test/vm delete all firewall rules of their machine. Run them with `node scripts/node.mjs vm-test.ts`.',
    );
};
