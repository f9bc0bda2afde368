// The lab's running machines, as places that a check can look at.
import type { Ipv4 } from '../../../api/scalars.ts';
import { addressesOf, type MachineAccess } from '../access.ts';
import { BrokenFact, type Spot } from '../facts.ts';
import type { Phrases } from '../say/en.ts';

export type Machine = Pick<MachineAccess, 'name' | 'role' | 'address' | 'links'>;

export class Machines {
  readonly #running: readonly Machine[];
  readonly #say: Phrases;

  constructor(running: readonly Machine[], say: Phrases) {
    this.#running = running;
    this.#say = say;
  }

  /** The running machines. */
  get all(): readonly Machine[] {
    return this.#running;
  }

  /** @throws BrokenFact when the machine does not run */
  at(name: string): Spot & { readonly label: string } {
    if (this.roleOf(name) === undefined) throw new BrokenFact(this.#say.machineDown(name));
    return { machine: name, label: name };
  }

  /** The address of a machine. Undefined when no machine with this name is running. */
  addressOf(name: string): Ipv4 | undefined {
    return this.#running.find((machine) => machine.name === name)?.address;
  }

  addressesOf(name: string): readonly Ipv4[] {
    return this.#running.filter((machine) => machine.name === name).flatMap(addressesOf);
  }

  roleOf(name: string): Machine['role'] | undefined {
    return this.#running.find((machine) => machine.name === name)?.role;
  }

  /** The name of the running machine with this address. */
  atAddress(address: string): string | undefined {
    return this.#running.find((machine) => addressesOf(machine).some((each) => each === address))?.name;
  }
}
