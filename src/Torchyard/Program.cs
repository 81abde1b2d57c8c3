using Torchyard.CommandLine;
using Torchyard.Containers;

// The program starts itself again inside namespaces; those starts come before anything else.
return HiddenVerbs.TryRun(args, out var exitCode) ? exitCode : await Application.MainAsync(args);
