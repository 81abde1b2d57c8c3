global using Torchyard.Fuzz.Engine;
global using Torchyard.Platform.Digests;
global using Torchyard.Platform.Errors;
