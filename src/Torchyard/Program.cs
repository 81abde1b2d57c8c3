using Torchyard.CommandLine;

return await Application.MainAsync(args);
