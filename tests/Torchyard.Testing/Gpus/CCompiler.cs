using Torchyard.Platform.Processes;
using Torchyard.Testing.Files;

namespace Torchyard.Testing.Gpus;

/// <summary>Compiles small C sources with the machine's gcc; tests skip where there is none.</summary>
public static class CCompiler
{
    private static readonly string? Gcc = ((string[])["/usr/bin/gcc", "/usr/bin/cc"]).FirstOrDefault(File.Exists);

    public static async Task<string> RunAsync(string source, IEnumerable<string> arguments)
    {
        using var work = new TemporaryDirectory();
        var program = work.File("program");
        await CompileAsync(source, program, arguments);
        var result = await HostCommand.RunAsync(HostProgram.At(program), [], cancellation: TestContext.Current.CancellationToken);
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }

    public static async Task CompileAsync(string source, string output, IEnumerable<string> arguments)
    {
        Assert.SkipWhen(Gcc is null, "there is no gcc on this machine");
        var file = output + ".c";
        await File.WriteAllTextAsync(file, source, TestContext.Current.CancellationToken);
        var result = await HostCommand.RunAsync(
            HostProgram.At(Gcc!),
            ["-Wall", "-Werror", file, "-o", output, .. arguments],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Error);
    }
}
