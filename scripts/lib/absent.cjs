// Stands in for packages that labs never uses, so that they are neither bundled nor loaded.
module.exports = {};
