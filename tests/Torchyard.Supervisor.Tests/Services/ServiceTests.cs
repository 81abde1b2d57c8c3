using Torchyard.Supervisor.Native;
using Torchyard.Supervisor.Services;

namespace Torchyard.Supervisor.Tests.Services;

public sealed class ServiceTests
{
    private static readonly ServiceDefinition Plain = new()
    {
        Name = "work",
        Command = ["work"],
        FirstDelay = TimeSpan.FromSeconds(1),
        LongestDelay = TimeSpan.FromSeconds(8),
        StopTimeout = TimeSpan.FromSeconds(5),
    };

    private static readonly ServiceDefinition Checked = Plain with
    {
        Ready = new ProbeDefinition
        {
            Kind = ProbeKind.Tcp,
            ReadyTimeout = TimeSpan.FromSeconds(30),
            Interval = TimeSpan.FromSeconds(10),
            Failures = 2,
        },
    };

    private readonly FakeHost _host = new();

    private static TimeSpan At(double seconds) => TimeSpan.FromSeconds(seconds);

    private static ExitStatus Exit(int code) => new(code << 8);

    private Service Started(ServiceDefinition definition)
    {
        var service = new Service(definition, _host);
        service.Start(At(0));
        service.Advance(At(0), othersAreReady: true);
        return service;
    }

    [Fact]
    public void It_waits_for_the_services_before_it()
    {
        var service = new Service(Plain, _host);
        service.Start(At(0));

        service.Advance(At(1), othersAreReady: false);
        Assert.Equal((ServiceState.Waiting, 0), (service.State, _host.Starts));

        service.Advance(At(2), othersAreReady: true);
        Assert.Equal((ServiceState.Ready, 1), (service.State, _host.Starts));
    }

    [Fact]
    public void Restarts_back_off_and_a_long_run_starts_over()
    {
        var service = Started(Plain);
        var now = 0.0;
        foreach (var delay in (double[])[1, 2, 4, 8, 8])
        {
            now += 0.5;
            service.Ended(Exit(1), At(now));
            service.Advance(At(now + delay - 0.01), othersAreReady: true);
            Assert.Equal(ServiceState.BackOff, service.State);
            Assert.Equal(At(now + delay), service.Due);
            now += delay;
            service.Advance(At(now), othersAreReady: true);
            Assert.Equal(ServiceState.Ready, service.State);
        }

        service.Ended(Exit(1), At(now + 8));

        Assert.Equal(At(now + 8 + 1), service.Due);
        Assert.Equal(5, service.Restarts);
    }

    [Fact]
    public void It_is_given_up_after_as_many_restarts_as_it_may_have()
    {
        var service = Started(Plain with { MaximumRestarts = 2 });
        for (var i = 0; i < 2; i++)
        {
            service.Ended(Exit(9), At(i * 10));
            service.Advance(At((i * 10) + 9), othersAreReady: true);
        }

        service.Ended(Exit(9), At(25));

        Assert.Equal(ServiceState.Failed, service.State);
        Assert.Contains("given up after 2 restarts", service.Message, StringComparison.Ordinal);
        Assert.Null(service.Due);
    }

    [Theory]
    [InlineData((int)RestartPolicy.Always, 0, (int)ServiceState.BackOff)]
    [InlineData((int)RestartPolicy.OnFailure, 0, (int)ServiceState.Stopped)]
    [InlineData((int)RestartPolicy.OnFailure, 1, (int)ServiceState.BackOff)]
    [InlineData((int)RestartPolicy.Never, 0, (int)ServiceState.Stopped)]
    [InlineData((int)RestartPolicy.Never, 1, (int)ServiceState.Failed)]
    public void The_policy_decides_what_an_end_means(int policy, int code, int state)
    {
        var service = Started(Plain with { Restart = (RestartPolicy)policy });

        service.Ended(Exit(code), At(1));

        Assert.Equal((ServiceState)state, service.State);
    }

    [Fact]
    public void It_is_killed_when_it_does_not_stop_in_time()
    {
        var service = Started(Plain with { StopSignal = 2 });

        service.Stop(At(10));
        service.Advance(At(14.9), othersAreReady: true);
        Assert.Equal([(100, 2)], _host.Signals);

        service.Advance(At(15), othersAreReady: true);
        Assert.Equal([(100, 2), (100, Signals.Kill)], _host.Signals);

        service.Ended(new ExitStatus(Signals.Kill), At(15.1));
        Assert.Equal(ServiceState.Stopped, service.State);
        Assert.Equal(137, service.LastExit?.Code);
    }

    [Fact]
    public void A_restart_stops_first_and_starts_at_once_after()
    {
        var service = Started(Plain);

        service.Restart(At(3));
        service.Advance(At(3), othersAreReady: true);
        Assert.Equal((ServiceState.Stopping, 1), (service.State, _host.Starts));

        service.Ended(Exit(0), At(4));
        service.Advance(At(4), othersAreReady: true);
        Assert.Equal((ServiceState.Ready, 2), (service.State, _host.Starts));
    }

    [Fact]
    public void Checks_make_it_ready_then_unhealthy_then_ready_again()
    {
        var service = Started(Checked);
        service.Advance(At(0), othersAreReady: true);
        service.Advance(At(0.1), othersAreReady: true);
        Assert.Equal((ServiceState.Starting, 1), (service.State, _host.Checks));

        service.Checked(false, At(0.2));
        Assert.Equal(ServiceState.Starting, service.State);

        service.Checked(true, At(1));
        Assert.True(service.IsReady);
        Assert.Equal(At(11), service.Due);

        service.Checked(false, At(12));
        Assert.True(service.IsReady);
        service.Checked(false, At(22));
        Assert.Equal(ServiceState.Unhealthy, service.State);

        service.Checked(true, At(32));
        Assert.True(service.IsReady);
        Assert.Null(service.Message);
    }

    [Fact]
    public void One_that_never_gets_ready_is_unhealthy_and_still_checked()
    {
        var service = Started(Checked);
        service.Checked(false, At(29));

        service.Advance(At(30), othersAreReady: true);

        Assert.Equal(ServiceState.Unhealthy, service.State);
        Assert.NotNull(service.Due);
    }

    [Fact]
    public void A_check_that_ends_after_the_service_changes_nothing()
    {
        var service = Started(Checked);
        service.Advance(At(0), othersAreReady: true);
        service.Ended(Exit(1), At(1));

        service.Checked(true, At(1.1));

        Assert.Equal(ServiceState.BackOff, service.State);
    }

    [Fact]
    public void What_can_never_start_fails_at_once_and_what_may_is_tried_again()
    {
        _host.Refuses = new ServiceStartException("no such program", permanent: true);
        var never = Started(Plain);
        _host.Refuses = new ServiceStartException("port in use", permanent: false);
        var later = Started(Plain);

        Assert.Equal((ServiceState.Failed, "no such program"), (never.State, never.Message));
        Assert.Equal(ServiceState.BackOff, later.State);
        Assert.Equal("port in use; starting again in 1 s", later.Message);
    }
}
