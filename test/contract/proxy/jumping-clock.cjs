// Preloaded into a program: its wall clock is off by as many seconds as the file named by TEST_CLOCK says, read at each look.
const { readFileSync } = require('node:fs');

const RealDate = Date;
const offsetMs = () => {
  try {
    return Number(readFileSync(process.env.TEST_CLOCK, 'utf8')) * 1000;
  } catch {
    return 0;
  }
};
const now = () => RealDate.now() + offsetMs();

globalThis.Date = class extends RealDate {
  constructor(...parts) {
    if (parts.length === 0) super(now());
    else super(...parts);
  }

  static now() {
    return now();
  }
};
