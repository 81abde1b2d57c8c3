using Torchyard.Containers.Starting;
using Torchyard.Entry;
using Torchyard.Platform.Processes;

Inheritance.Settle();

// The program starts itself again inside namespaces; those starts come before anything else.
return HiddenVerbs.TryRun(args, out var exitCode) ? exitCode : await Application.MainAsync(args);
