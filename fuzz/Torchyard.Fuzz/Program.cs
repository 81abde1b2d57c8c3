return args.Contains("--plain") ? FuzzProgram.Run(args) : InstrumentedContext.Run(args);
