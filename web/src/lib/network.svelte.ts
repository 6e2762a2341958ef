/** Whether the machine thinks that it has a network. False alarms are corrected by the next answered request. */
class Network {
  online = $state(navigator.onLine);

  constructor() {
    addEventListener('online', () => (this.online = true));
    addEventListener('offline', () => (this.online = false));
  }
}

export const network = new Network();
