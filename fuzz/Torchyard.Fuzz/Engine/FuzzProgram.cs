using System.Globalization;

namespace Torchyard.Fuzz.Engine;

/// <summary>The command line: see fuzz/README.md.</summary>
public static class FuzzProgram
{
    /// <summary>Runs the program.</summary>
    /// <returns>0: no faults; 1: faults; 2: a wrong command line.</returns>
    public static int Run(string[] arguments)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        var seconds = 10.0;
        var seed = Environment.TickCount & int.MaxValue;
        var finds = "fuzz/finds";
        string? replayed = null;
        var names = new List<string>();
        for (var at = 0; at < arguments.Length; at++)
        {
            switch (arguments[at])
            {
                case "--plain":
                    break;
                case "--list":
                    foreach (var target in AllTargets.ByName.Values)
                    {
                        Console.WriteLine($"{target.Name, -24} {target.Input}");
                    }

                    return 0;
                case "--seconds"
                    when at + 1 < arguments.Length && double.TryParse(arguments[at + 1], CultureInfo.InvariantCulture, out seconds):
                case "--seed" when at + 1 < arguments.Length && int.TryParse(arguments[at + 1], CultureInfo.InvariantCulture, out seed):
                    at++;
                    break;
                case "--finds" when at + 1 < arguments.Length:
                    finds = arguments[++at];
                    break;
                case "--replay" when at + 1 < arguments.Length:
                    replayed = arguments[++at];
                    break;
                case var name when AllTargets.ByName.ContainsKey(name):
                    names.Add(name);
                    break;
                default:
                    Console.Error.WriteLine($"fuzz: '{arguments[at]}' is neither an option nor a target; --list names the targets");
                    return 2;
            }
        }

        return replayed is not null ? Replay(names, replayed) : Fuzz(names.Count > 0 ? names : AllTargets.Names, seconds, seed, finds);
    }

    /// <summary>Fuzzes one target without instrumentation.</summary>
    /// <returns>What was found; empty when nothing.</returns>
    public static IReadOnlyList<string> Try(string target, TimeSpan time, int seed, string finds) =>
        new FuzzSession(AllTargets.ByName[target], new Coverage(), new FindDirectory(finds), seed).Run(time).Faults;

    private static int Fuzz(IReadOnlyList<string> names, double seconds, int seed, string finds)
    {
        Console.WriteLine($"seed {seed}");
        var faults = 0;
        var inputs = 0L;
        foreach (var name in names)
        {
            var report = new FuzzSession(AllTargets.ByName[name], new Coverage(), new FindDirectory(finds), seed).Run(
                TimeSpan.FromSeconds(seconds)
            );
            Console.WriteLine(report);
            foreach (var fault in report.Faults)
            {
                Console.WriteLine($"  {fault}");
            }

            faults += report.Faults.Count;
            inputs += report.Inputs;
        }

        Console.WriteLine($"{names.Count} targets, {inputs} inputs, {faults} faults");
        return faults == 0 ? 0 : 1;
    }

    private static int Replay(IReadOnlyList<string> names, string file)
    {
        if (names.Count != 1)
        {
            Console.Error.WriteLine("fuzz: name the one target that --replay is for");
            return 2;
        }

        var outcome = new Execution(AllTargets.ByName[names[0]]).Confirm(File.ReadAllBytes(file));
        Console.WriteLine(outcome.Fault?.Text ?? $"{outcome.Kind}: {ResultText.Of(outcome.Result)}");
        return outcome.Fault is null ? 0 : 1;
    }
}
