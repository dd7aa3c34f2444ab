"""What an image of the lab holds is the same on the simulator and on real hosts."""

from dnetlab.engines import images
from dnetlab.sim.dockerd.imagefiles import NGINX_CONF, NGINX_SITE, PAGES


def test_the_simulator_s_nginx_is_set_up_as_the_one_that_is_built_for_real_engines():
    # Given the files of both, when they are held beside one another, then they are the same, to the letter.
    assert (NGINX_CONF, NGINX_SITE) == (images.NGINX_CONF, images.NGINX_SITE)
    assert PAGES == {"nginx": images.NGINX_PAGE, "httpd": images.APACHE_PAGE, "webserver": images.WEBSERVER_PAGE}
