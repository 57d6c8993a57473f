// A "no" of the simulated world, such as a text from somebody who does not follow.

export class Refused extends Error {
  /** As the control API answers it: 404 no such thing, 409 not now. */
  readonly status: 404 | 409 | 503;

  constructor(status: Refused['status'], message: string) {
    super(message);
    this.name = 'Refused';
    this.status = status;
  }
}
