import { asApiError, type ApiError } from '../api/errors';

/** A form that is being sent: one try at a time, its trouble, and which field it is about. */
export class Sending {
  busy = $state(false);
  error = $state.raw<ApiError | null>(null);

  field(name: string): string | undefined {
    return this.error?.fields[name];
  }

  /** What to say above the button; nothing when every word is already at a field. */
  get words(): string | null {
    if (!this.error) return null;
    return Object.keys(this.error.fields).length > 0 ? 'Please correct the marked fields.' : this.error.message;
  }

  run = async (act: () => Promise<void>): Promise<void> => {
    if (this.busy) return;
    this.busy = true;
    this.error = null;
    try {
      await act();
    } catch (thrown) {
      this.error = asApiError(thrown);
    } finally {
      this.busy = false;
    }
  };
}
