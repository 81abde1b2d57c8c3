using Torchyard.EndToEnd.Environment;
using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary>A small image in the store of the running environment, and the program with variables of the test's own.</summary>
internal sealed record SmallImage(RunningEnvironment Environment, string Name, string Digest)
{
    /// <summary>Builds it from the preset <c>minimal</c>; the second time it is there.</summary>
    public static async Task<SmallImage> BuildAsync(RunningEnvironment environment, CancellationToken cancellation)
    {
        var project = environment.Store.NewProject("small");
        if (!File.Exists(Path.Combine(project, "torchyard.toml")))
        {
            (await environment.Store.RunAsync(project, ["init", "minimal"], cancellation)).Succeeded();
        }

        return new SmallImage(environment, "small", await environment.Store.BuildAsync(project, cancellation));
    }

    public Task<ProgramOutput> RunAsync(IReadOnlyDictionary<string, string> variables, CancellationToken cancellation, params string[] arguments)
    {
        var all = Environment.Store.Variables();
        foreach (var (name, value) in variables)
        {
            all[name] = value;
        }

        return HostProgram.RunAsync(TestStore.Program, arguments, cancellation, Environment.Project, all);
    }
}
