// The program `labs`, from which dist/labs.js is bundled: the only place that ends the process.
import { main } from './run.ts';

process.exitCode = await main(process.argv.slice(2), process);
// Sockets and streams to Docker must not keep a finished command alive.
process.exit();
