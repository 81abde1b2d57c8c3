using Torchyard.Flows.Starting;
using Torchyard.Flows.Tests.Hosts;
using Torchyard.Platform.Errors;

namespace Torchyard.Flows.Tests.Starting;

public sealed class OpenFlowTests : IDisposable
{
    private readonly TestHost _test = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _test.Dispose();

    [Fact]
    public async Task The_address_of_jupyter_has_the_token_of_its_owner()
    {
        using var running = Run(("jupyter", "127.0.0.1", 8889), ("ssh", "127.0.0.1", 2222), ("board", "127.0.0.1", 6006));
        WriteToken(running, "abc123\n");

        var opened = await OpenAsync();

        Assert.Equal(
            ("work", "jupyter", "http://127.0.0.1:8889/?token=abc123", false),
            (opened.Environment, opened.Service, opened.Url, opened.Opened)
        );
    }

    [Fact]
    public async Task Another_service_has_no_token_and_is_found_by_its_name()
    {
        using var running = Run(("jupyter", "127.0.0.1", 8889), ("board", "0.0.0.0", 6006));

        Assert.Equal("http://127.0.0.1:6006/", (await OpenAsync("board")).Url);
    }

    [Fact]
    public async Task The_only_service_needs_no_name()
    {
        using var running = Run(("ssh", "127.0.0.1", 2222), ("board", "127.0.0.1", 6006));

        Assert.Equal("board", (await OpenAsync()).Service);
    }

    [Theory]
    [InlineData("baord", "did you mean 'board'?")]
    [InlineData("nothing", "it has: board, jupyter")]
    [InlineData("ssh", "torchyard ssh work logs in")]
    public async Task A_service_that_is_not_there_says_what_is(string name, string cure)
    {
        using var running = Run(("ssh", "127.0.0.1", 2222), ("board", "127.0.0.1", 6006), ("jupyter", "127.0.0.1", 8888));

        var failure = await Assert.ThrowsAsync<TorchyardException>(() => OpenAsync(name));

        Assert.Equal(("TY4123", true), (failure.Code, failure.IsUsage));
        Assert.Contains(cure, failure.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_nothing_is_up_what_is_up_elsewhere_is_named()
    {
        using var other = new TestHost();
        using var running = Run(("jupyter", "127.0.0.1", 8888));
        var there = _test.Host.Caller with { Place = other.Host.Caller.Place };
        var host = new Torchyard.Flows.Hosts.Host
        {
            Store = _test.Host.Store,
            Caller = there,
            Progress = _test.Progress,
            Dialogue = _test.Dialogue,
        };

        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            new OpenFlow(host).RunAsync(new OpenRequest(null, null, OnlyShow: true), Cancellation)
        );

        Assert.Equal("TY4109", failure.Code);
        Assert.Contains("name one of: work", failure.Cure, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".")]
    [InlineData("../project")]
    [InlineData("work")]
    public async Task The_environment_of_a_directory_is_named_as_every_verb_takes_it(string name)
    {
        using var running = Run(("board", "127.0.0.1", 6006));

        Assert.Equal(
            "work",
            (await new OpenFlow(_test.Host).RunAsync(new OpenRequest(null, name, OnlyShow: true), Cancellation)).Environment
        );
        // No server of SSH is in it, which is found out behind the name.
        var failure = await Assert.ThrowsAsync<TorchyardException>(() =>
            new SshAccess(_test.Host).LoginAsync(new SshRequest { Name = name, Arguments = [] }, Cancellation)
        );
        Assert.Equal("TY4107", failure.Code);
    }

    [Fact]
    public async Task An_environment_that_has_ended_says_how_to_start_it_again()
    {
        var running = Run(("board", "127.0.0.1", 6006));
        running.Dispose();

        var open = await Assert.ThrowsAsync<TorchyardException>(() => OpenAsync());
        var login = await Assert.ThrowsAsync<TorchyardException>(() =>
            new SshAccess(_test.Host).LoginAsync(new SshRequest { Arguments = [] }, Cancellation)
        );

        Assert.Equal(("TY4046", "TY4046"), (open.Code, login.Code));
        Assert.Contains("'torchyard start work'", open.Cure, StringComparison.Ordinal);
    }

    [Fact]
    public void A_port_that_moved_is_said()
    {
        var services = PlacedServices.Of(
            new Dictionary<string, string>([
                ServiceAddress.Label("ssh", "127.0.0.1", 2223),
                PlacedServices.Moved("ssh", 2222),
                ServiceAddress.Label("jupyter", "127.0.0.1", 8888),
            ])
        );

        Assert.Equal(["jupyter 127.0.0.1:8888", "ssh 127.0.0.1:2223 (2222 was in use)"], services.Select(service => service.Text));
        Assert.Null(services[1].Url);
    }

    private RunningEnvironment Run(params (string Name, string Listen, int Port)[] services) =>
        new(
            _test,
            new Dictionary<string, string>(services.Select(service => ServiceAddress.Label(service.Name, service.Listen, service.Port))),
            []
        );

    private void WriteToken(RunningEnvironment running, string token)
    {
        var run = Directory.CreateDirectory(Path.Combine(_test.Host.Store.Containers, running.Record.Id, "run")).FullName;
        File.WriteAllText(Path.Combine(run, "jupyter-token"), token);
    }

    private Task<OpenedService> OpenAsync(string? service = null) =>
        new OpenFlow(_test.Host).RunAsync(new OpenRequest(service, null, OnlyShow: true), Cancellation);
}
