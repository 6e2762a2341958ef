// Runs before the first paint; a stored choice wins over the system's.
try {
  var chosen = localStorage.getItem('odeon.theme');
  if (chosen === 'light' || chosen === 'dark') document.documentElement.dataset.theme = chosen;
} catch (blocked) {
  // Storage may be refused; the system's theme is right then.
}
