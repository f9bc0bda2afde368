// Stands in for ssh2 in the bundle of labs: loads the package on the first connection, because few engines are behind
// ssh, and docker-modem would load it always.
exports.Client = function Client() {
  const ssh2 = require('../../node_modules/ssh2/lib/index.js');
  return new ssh2.Client();
};
