using Torchyard.Flows.Naming;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Flows.Tests.Starting;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Naming;

public sealed class NamedContainersTests : IDisposable
{
    private readonly TestHost _test = new();

    private NamedContainers Containers => new(_test.Host);

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Theory]
    [InlineData("work ls -l", "ls -l")]
    [InlineData("python3 train.py", "python3 train.py")]
    [InlineData("ed notes.txt", "ed notes.txt")]
    [InlineData("./train.sh", "./train.sh")]
    [InlineData(". ls", "ls")]
    [InlineData("../project ls", "ls")]
    public async Task A_first_word_that_is_no_container_is_the_program_of_the_directorys_environment(string words, string program)
    {
        using var running = Running();

        var found = await Containers.WithProgramAsync(words.Split(' '), isProgram: false, Cancellation);

        Assert.Equal(running.Record.Id, found.Session.Record.Id);
        Assert.Equal(program, string.Join(' ', found.Words));
    }

    [Fact]
    public async Task Behind_the_mark_the_name_of_a_container_is_a_program()
    {
        using var running = Running();

        Assert.Equal(["work"], (await Containers.WithProgramAsync(["work"], isProgram: true, Cancellation)).Words);
    }

    [Fact]
    public async Task The_start_of_an_id_is_a_container_from_four_digits_on()
    {
        using var running = Running();
        var id = running.Record.Id;

        Assert.Equal(["ls"], (await Containers.WithProgramAsync([id[..4], "ls"], isProgram: false, Cancellation)).Words);
        Assert.Equal(2, (await Containers.WithProgramAsync([id[..3], "ls"], isProgram: false, Cancellation)).Words.Count);
    }

    [Fact]
    public async Task A_container_without_a_program_is_refused()
    {
        using var running = Running();

        Assert.Equal("TY9001", (await FailureAsync(() => Containers.WithProgramAsync(["work"], isProgram: false, Cancellation))).Code);
    }

    [Fact]
    public async Task Where_nothing_runs_a_word_is_a_container_that_there_is_not_and_those_that_there_are_are_named()
    {
        using var running = Running();
        Directory.CreateDirectory(_test.PathOf("elsewhere"));
        var elsewhere = new NamedContainers(_test.At("elsewhere"));

        var failure = await FailureAsync(() => elsewhere.WithProgramAsync(["wrok", "ls"], isProgram: false, Cancellation));

        Assert.Equal("TY4040", failure.Code);
        Assert.Contains("'wrok'", failure.Message, StringComparison.Ordinal);
        Assert.Equal("did you mean 'work'? there are: work", failure.Cure);
        Assert.Equal("TY4109", (await FailureAsync(() => elsewhere.FindAsync(null, Cancellation))).Code);
    }

    [Fact]
    public async Task A_directory_is_the_same_project_by_whatever_links_it_is_reached()
    {
        using var running = Running();
        Directory.CreateSymbolicLink(Path.Combine(_test.Directory, "link"), _test.Directory);

        var found = await Containers.FindAsync(Path.Combine(_test.Directory, "link/project"), Cancellation);

        Assert.Equal(running.Record.Id, found.Record.Id);
    }

    [Fact]
    public async Task A_directory_that_there_is_not_is_said()
    {
        var failure = await FailureAsync(() => Containers.FindAsync("./nowhere", Cancellation));

        Assert.Equal("TY4109", failure.Code);
        Assert.Contains("there is no directory", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_single_word_of_logs_is_a_service_of_the_directorys_environment()
    {
        using var running = Running();
        var session = await Containers.SessionAsync(null, Cancellation);
        Directory.CreateDirectory(Path.Combine(session.OwnDirectory, "logs"));
        await File.WriteAllTextAsync(Path.Combine(session.OwnDirectory, "logs/jupyter.log"), "ready\n", Cancellation);

        Assert.Equal(["jupyter"], (await Containers.WithServiceAsync("jupyter", null, alone: false, Cancellation)).Words);
        Assert.Empty((await Containers.WithServiceAsync("work", null, alone: false, Cancellation)).Words);
        Assert.Empty((await Containers.WithServiceAsync(null, null, alone: false, Cancellation)).Words);
        Assert.Equal(["ssh"], (await Containers.WithServiceAsync("work", "ssh", alone: false, Cancellation)).Words);

        var failure = await FailureAsync(() => Containers.WithServiceAsync("jupiter", null, alone: false, Cancellation));
        Assert.Equal("TY4061", failure.Code);
        Assert.Equal("did you mean 'jupyter'? there are: jupyter, work", failure.Cure);
    }

    private RunningEnvironment Running() => new(_test, new Dictionary<string, string>(), []);

    private static Task<TorchyardException> FailureAsync(Func<Task> work) => Assert.ThrowsAsync<TorchyardException>(work);
}
