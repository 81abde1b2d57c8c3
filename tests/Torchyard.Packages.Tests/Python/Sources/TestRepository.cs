using Torchyard.Platform.Errors;
using Torchyard.Platform.Processes;

namespace Torchyard.Packages.Tests.Python.Sources;

/// <summary>A Git repository of a test, made with the machine's git; the test is skipped without one.</summary>
internal sealed class TestRepository(string path)
{
    public string Path => path;

    public static async Task<TestRepository> CreateAsync(string path)
    {
        try
        {
            await HostCommand.RunAsync(HostProgram.Require("git"), ["--version"], cancellation: TestContext.Current.CancellationToken);
        }
        catch (TorchyardException failure) when (failure.Code == "TY9021")
        {
            Assert.Skip("git is not installed");
        }

        var repository = new TestRepository(Directory.CreateDirectory(path).FullName);
        await repository.GitAsync("init", "--quiet", "--initial-branch=main");
        return repository;
    }

    /// <summary>Commits files; the full hash of the commit.</summary>
    public async Task<string> CommitAsync(params (string Name, string Content)[] files)
    {
        foreach (var (name, content) in files)
        {
            var file = System.IO.Path.Combine(path, name);
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, content, TestContext.Current.CancellationToken);
        }

        await GitAsync("add", "--all");
        await GitAsync(
            "-c",
            "user.name=t",
            "-c",
            "user.email=t@t",
            "-c",
            "commit.gpgsign=false",
            "commit",
            "--quiet",
            "--allow-empty",
            "-m",
            "change"
        );
        return (await GitAsync("rev-parse", "HEAD")).Trim();
    }

    public async Task<string> GitAsync(params string[] arguments)
    {
        var result = await HostCommand.RunAsync(
            HostProgram.Require("git"),
            ["-C", path, .. arguments],
            cancellation: TestContext.Current.CancellationToken
        );
        Assert.True(result.ExitCode == 0, result.Error);
        return result.Output;
    }
}
