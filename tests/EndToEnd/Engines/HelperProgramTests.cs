using Torchyard.EndToEnd.Program;

namespace Torchyard.EndToEnd.Engines;

/// <summary>
/// A cloned project, or a program that may write to it, leaves files named like the programs that Torchyard starts: none is ever run,
/// whatever PATH says about the working directory.
/// </summary>
public sealed class HelperProgramTests
{
    private static readonly string[] Helpers =
    [
        "unshare",
        "nsenter",
        "newuidmap",
        "newgidmap",
        "cat",
        "find",
        "chown",
        "rm",
        "crun",
        "runc",
        "git",
        "ssh",
        "slirp4netns",
        "podman",
        "docker",
        "python3",
        "sh",
        "env",
        "dpkg",
        "ldconfig",
        "nvidia-smi",
        "torchyard",
        "torchyard-supervisor",
        "mount",
        "ip",
        "tar",
        "sbatch",
        "squeue",
        "git-remote-https",
    ];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("{path}", false)]
    [InlineData(":.:bin:./bin:../PROJECT/bin:{path}:", true)]
    public async Task A_file_in_the_project_is_never_taken_for_a_program_of_the_machine(string path, bool buildsLayers)
    {
        await using var store = await TestStore.RequireAsync(Cancellation);
        if (!buildsLayers)
        {
            await PresetLayers.LinkAsync("minimal", store, Cancellation);
        }

        const string Name = "hostile";
        var project = store.NewProject(Name);
        var marker = Path.Combine(store.Root, "ran");
        foreach (var file in Helpers.SelectMany(name => (string[])[Path.Combine(project, name), Path.Combine(project, "bin", name)]))
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, $"#!/bin/sh\necho $0 >> {marker}\n", Cancellation);
            File.SetUnixFileMode(
                file,
                UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute
            );
        }

        (await store.RunAsync(project, ["init", "minimal"], Cancellation)).Succeeded();
        var variables = store.Variables();
        variables["PATH"] = path.Replace("PROJECT", Name, StringComparison.Ordinal)
            .Replace("{path}", System.Environment.GetEnvironmentVariable("PATH"), StringComparison.Ordinal);
        var name = "hostile-" + Guid.NewGuid().ToString("N")[..6];
        string[][] work =
        [
            ["lock"],
            ["build"],
            ["up"],
            ["run", "--rm", "-v", $"{project}:/seen", Name, "true"],
            ["run", "--rm", "--network", "private", "-p", "127.0.0.1::8000", Name, "true"],
            ["run", "-d", "--name", name, Name, "sleep", "60"],
            ["exec", name, "true"],
            ["stop", "-t", "0", name],
            ["rm", name],
            ["ps"],
            ["check"],
            ["down"],
        ];
        foreach (var verb in work)
        {
            (await HostProgram.RunAsync(TestStore.Program, verb, Cancellation, project, variables)).Succeeded();
            await NothingRanAsync(verb);
        }

        // These may find something amiss on this machine; none may run what it was given.
        foreach (
            var verb in (string[][])
                [
                    ["doctor"],
                    ["gpus"],
                    ["verify"],
                    ["ssh"],
                    ["run", "--rm", "--engine", "podman", Name, "true"],
                    ["submit"],
                    ["jobs"],
                ]
        )
        {
            await HostProgram.RunAsync(TestStore.Program, verb, Cancellation, project, variables);
            await NothingRanAsync(verb);
        }

        async Task NothingRanAsync(string[] verb) =>
            Assert.False(
                File.Exists(marker),
                $"torchyard {string.Join(' ', verb)} ran {(File.Exists(marker) ? await File.ReadAllTextAsync(marker, Cancellation) : "")}"
            );
    }
}
